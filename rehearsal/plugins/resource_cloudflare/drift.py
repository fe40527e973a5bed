"""What Cloudflare has, said in the words of the program's inputs.

Cloudflare completes and rewrites what it is given: names become full names, defaults appear,
identifiers are added. None of that is drift. What is left is shown by `pulumi refresh`, and put
back by the next update.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from k8s.properties import PropertyMap, PropertyValue, Secret, reveal

# Whether an input, revealed, says the same as what Cloudflare has.
Equivalence: TypeAlias = Callable[[Any, Any], bool]


def as_inputs(
    inputs: Mapping[str, PropertyValue],
    actual: Mapping[str, PropertyValue],
    *,
    defaults: Mapping[str, PropertyValue],
    equivalences: Mapping[str, Equivalence],
    filled_in: frozenset[str] = frozenset(),
) -> PropertyMap:
    """The inputs that would describe `actual`, kept as they are wherever they still do.

    `defaults` names the properties that are drift even when the program says nothing of them,
    and what Cloudflare has then. With no inputs at all (an import) everything is taken over but
    the defaults, what is empty, and what Cloudflare has `filled_in` by itself.
    """
    result: PropertyMap = {}
    importing = not inputs
    for name in inputs.keys() | actual.keys():
        current, found = inputs.get(name), actual.get(name)
        if reveal(current) is None:
            watched = name in defaults or (importing and name not in filled_in)
            if watched and found not in (None, [], {}) and found != defaults.get(name):
                result[name] = found
            continue
        equivalent = equivalences.get(name)
        if equivalent is not None and equivalent(reveal(current), found):
            result[name] = current
            continue
        found = defaults.get(name) if found is None else found
        if found is not None:
            result[name] = _merged(current, found)
    return result


def _merged(current: PropertyValue, found: PropertyValue) -> PropertyValue:
    """`found`, without what the program says nothing of, secret where `current` is."""
    if isinstance(current, Secret):
        return Secret(_merged(current.value, found))
    if isinstance(current, Mapping) and isinstance(found, Mapping):
        said = cast(Mapping[str, PropertyValue], current)
        there = cast(Mapping[str, PropertyValue], found)
        return {
            name: value if value is None else _merged(value, there[name])
            for name, value in said.items()
            if value is None or there.get(name) is not None
        }
    if isinstance(current, list) and isinstance(found, list):
        said_list, there_list = cast(list[PropertyValue], current), cast(list[PropertyValue], found)
        common = [_merged(a, b) for a, b in zip(said_list, there_list, strict=False)]
        return common + there_list[len(common) :]
    return found


def is_part_of(said: PropertyValue, there: PropertyValue) -> bool:
    """Whether what the program says is what there is already, which may have more to it."""
    return there is not None and reveal(_merged(said, reveal(there))) == reveal(said)


def says_the_same(one: Mapping[str, PropertyValue], other: Mapping[str, PropertyValue]) -> bool:
    """Whether two sets of inputs are equal, null properties and secrecy aside."""
    return _plain(one) == _plain(other)


def _plain(inputs: Mapping[str, PropertyValue]) -> PropertyMap:
    return {k: reveal(v) for k, v in inputs.items() if reveal(v) is not None}
