"""Whatever its form, a changelog says the same; whatever its text, reading it ends well."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.declaration.release import Version
from operations.releases.changelog import Direction, between, parse, span
from tests.unit.operations.releases.changelog.writing import FORMS, Form, Release, oldest_first

GROUPS = ["Added", "Changed", "Fixed", "Removed", "Breaking Changes", "Internal", "Bug Fixes"]

texts = st.from_regex(
    r"[A-Za-z`*][A-Za-z0-9`,.()/#: äöü-]{0,40}[A-Za-z0-9`.)]", fullmatch=True
).filter(lambda text: not text.startswith(("* ", "**")) and "**" not in text)
numbers = st.integers(0, 3)
versions = st.builds(
    Version,
    major=numbers,
    minor=numbers,
    patch=numbers,
    prerelease=st.sampled_from([(), (), (), ("staging", "0"), ("rc", "1")]),
)
releases = st.lists(
    st.builds(
        Release,
        version=versions,
        day=st.none() | st.dates(date(2018, 1, 1), date(2026, 12, 31)),
        groups=st.dictionaries(
            st.sampled_from(GROUPS), st.lists(texts, min_size=1, max_size=3), max_size=3
        ),
    ),
    min_size=2,
    max_size=7,
    unique_by=lambda release: release.version,
).map(lambda found: sorted(found, key=lambda release: release.version, reverse=True))
forms = st.sampled_from(FORMS)


@given(releases, forms)
def test_every_form_is_read_as_it_was_meant(wanted: list[Release], form: Form) -> None:
    sections = [section for section in parse(form(wanted)) if section.version is not None]
    if form is oldest_first:
        sections.reverse()
    assert [s.title.removeprefix("v") for s in sections] == [r.version.tag for r in wanted]
    assert [s.released for s in sections] == [r.day for r in wanted]
    read = [[(entry.group, entry.text) for entry in section.entries] for section in sections]
    assert read == [release.entries() for release in wanted]


@given(releases, forms, st.data())
def test_a_span_is_what_lies_between(
    wanted: list[Release], form: Form, data: st.DataObject
) -> None:
    a, b = (data.draw(st.sampled_from(wanted)).version for _ in range(2))
    found = span(form(wanted), a.tag, b.tag)
    lower, higher = min(a, b), max(a, b)
    inside = [release for release in wanted if lower < release.version <= higher]
    assert [s.title.removeprefix("v") for s in found.sections] == [r.version.tag for r in inside]
    assert [(e.group, e.text) for e in found.entries] == [e for r in inside for e in r.entries()]
    assert found.notes == ()
    expected = Direction.FORWARD if a < b else Direction.BACK if b < a else Direction.NOWHERE
    assert found.direction is expected


@given(releases, forms, versions, versions)
def test_going_back_takes_back_what_going_forward_brings(
    wanted: list[Release], form: Form, a: Version, b: Version
) -> None:
    text = form(wanted)
    assert between(text, a.tag, b.tag) == between(text, b.tag, a.tag)


@given(releases, forms, st.data())
def test_a_way_is_the_sum_of_its_steps(
    wanted: list[Release], form: Form, data: st.DataObject
) -> None:
    chosen = sorted(
        data.draw(st.lists(st.sampled_from(wanted), min_size=3, max_size=3)), key=_version
    )
    a, b, c = (release.version.tag for release in chosen)
    text = form(wanted)
    assert between(text, b, c) + between(text, a, b) == between(text, a, c)


@given(releases, forms, versions, versions)
def test_what_is_not_listed_is_said(
    wanted: list[Release], form: Form, a: Version, b: Version
) -> None:
    found = span(form(wanted), a.tag, b.tag)
    listed = {release.version for release in wanted}
    unlisted = {version.tag for version in (a, b) if version not in listed}
    if a == b:
        assert found.notes == ()
        return
    said = " ".join(found.notes)
    assert all(f"does not list {tag}" in said for tag in unlisted)
    assert len(found.notes) == len(unlisted)


fragments = st.lists(
    st.sampled_from(
        [
            *("# ", "## ", "### ", "[", "]", "(", ")", "- ", "* ", "  ", "\t", "\n", "\r\n", "```"),
            *("~~~", "<!--", "-->", "1.2.3", "v0.1.0", "Unreleased", "**", ":", "===", "---", "x"),
            *("https://a.example", "\x1b[31m", "2022-13-45", "June 31, 2022", "\u202e", "\ufeff"),
        ]
    )
    | st.text(max_size=5),
    max_size=60,
).map("".join)


@settings(max_examples=300)
@given(fragments)
def test_any_text_can_be_read(text: str) -> None:
    for section in parse(text):
        assert section.line >= 1
        for entry in section.entries:
            assert entry.text.strip()
            assert section.line < entry.line <= text.count("\n") + text.count("\r") + 1
            assert "\x1b" not in entry.text
    span(text, "0.0.1", "1.2.3")


def _version(release: Release) -> Version:
    return release.version
