"""How far a share may be from its probability before it is no longer chance."""

from math import exp, lgamma, log, log1p


def binomial_range(trials: int, probability: float, error: float = 1e-9) -> tuple[int, int]:
    """The fewest and the most successes to be expected, from the exact binomial distribution.

    Outside of the range, in both directions together, lies at most `error` of all outcomes.
    """
    if probability <= 0:
        return 0, 0
    if probability >= 1:
        return trials, trials
    weights = [_weight(trials, probability, count) for count in range(trials + 1)]
    low, high = 0, trials
    below = above = 0.0
    while below + weights[low] <= error / 2:
        below += weights[low]
        low += 1
    while above + weights[high] <= error / 2:
        above += weights[high]
        high -= 1
    return low, high


def _weight(trials: int, probability: float, count: int) -> float:
    ways = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    return exp(ways + count * log(probability) + (trials - count) * log1p(-probability))
