"""Every scenario, by what changes."""

from tests.review.scenario import Scenario
from tests.review.scenarios import edge, network, platform, rights, running, versions, zone

SCENARIOS: tuple[Scenario, ...] = (
    *versions.SCENARIOS,
    *running.SCENARIOS,
    *network.SCENARIOS,
    *rights.SCENARIOS,
    *platform.SCENARIOS,
    *edge.SCENARIOS,
    *zone.SCENARIOS,
)
