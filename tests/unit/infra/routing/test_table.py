"""The routing table of today, as a whole."""

from pathlib import Path

from infra.routing.legacy_split import CONTENT_API_PARAMETERS, CONTENT_TYPES
from infra.routing.model import (
    AnyHost,
    AnyPath,
    Choose,
    Legacy,
    PassThrough,
    Proxy,
    Rule,
    Split,
)
from infra.routing.redirects import LENABI, MEETING_ROOMS
from infra.routing.table import RULES, SPLITS, SWITCHES

ROOT = Path(__file__).parents[4]


def test_every_rule_has_a_name_and_a_place_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert len({str(rule.place) for rule in RULES}) == len(RULES)


def test_a_rules_place_is_where_it_is_written() -> None:
    for rule in RULES:
        lines = (ROOT / rule.place.file).read_text().splitlines()
        written = lines[rule.place.line - 1]
        assert "(" in written, f"{rule.name} is not written at {rule.place}: {written}"
    (party,) = (rule for rule in RULES if rule.name == "meet-party")
    line = (ROOT / party.place.file).read_text().splitlines()[party.place.line - 1]
    assert "/party" in line


def test_all_that_no_rule_fits_is_passed_through() -> None:
    last = RULES[-1]
    assert (last.hosts, last.path, last.when) == (AnyHost(), AnyPath(), ())
    assert isinstance(last.action, PassThrough)


def test_lists_that_others_count_on_are_complete() -> None:
    assert len(MEETING_ROOMS) == 22
    assert len(LENABI) == 7
    assert len(CONTENT_API_PARAMETERS) == 10
    assert len(set(CONTENT_TYPES)) == len(CONTENT_TYPES) == 25


def test_what_the_stack_files_may_say() -> None:
    assert SPLITS == ("content",)
    assert set(SWITCHES) == {
        *("legacy-auth-paths", "legacy-header"),
        *("legacy-content-parameters", "legacy-authenticated"),
    }


def test_every_switch_is_one_of_legacy() -> None:
    for rule in RULES:
        assert rule.switch is None or isinstance(rule.action, Legacy)


def test_choices_of_visitors_stay_out_of_everybodys_way() -> None:
    choices = [rule for rule in RULES if isinstance(rule.action, Choose)]
    splits = [rule for rule in RULES if isinstance(rule.action, Split)]
    assert {rule.hosts for rule in choices} == {rule.hosts for rule in splits}
    assert _first(choices) < _first(splits)


def test_third_parties_are_named_by_the_table_alone() -> None:
    for rule in RULES:
        if isinstance(rule.action, Proxy):
            host = rule.action.to.removeprefix("https://").partition("{")[0].partition("/")[0]
            assert host in {"serlo.github.io", "pdf.serlo.org", "assets.serlo.org"}


def _first(rules: list[Rule]) -> int:
    return min(RULES.index(rule) for rule in rules)
