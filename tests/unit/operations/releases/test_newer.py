"""Which tags are newer than a version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.declaration.release import Version
from operations.releases.newer import Newer, common, newer

OURS = [
    *("0.51.0", "0.52.1", "0.52.2", "0.53.0", "1.0.0", "0.54.0-staging.0", "1.1.0-staging.2"),
    *("latest", "staging", "production", "0", "0.53", "v0.99.0", "next", "0.53.0-staging.1"),
    "a" * 40,
]
REDIS = [
    *("6", "6.0", "6.0.10", "6.0.10-alpine", "6.0.16", "6.0.16-alpine3.12", "7.2-rc1", "latest"),
    *("7.2.4", "7.2.4-alpine", "7.2.4-bookworm", "8.0.0-rc1", "8.0.0-M01-alpine", "7.2.5-alpine"),
]
KRATOS = [
    *("v0.13.0", "v0.13.0-distroless", "v1.0.0", "v1.0.0-pre.0", "v1.1.0", "v1.1.0-distroless"),
    *("v1.2.0-pre.0", "1.3.0", "v1", "latest", "v1.1.0-amd64"),
]


@pytest.mark.parametrize(
    ("current", "tags", "third_party", "expected"),
    [
        ("0.52.1", OURS, False, ("1.0.0", "0.53.0", "1.1.0-staging.2")),
        ("0.53.0", OURS, False, ("1.0.0", None, "1.1.0-staging.2")),
        ("0.53.0-staging.1", OURS, False, ("1.0.0", "0.53.0", "1.1.0-staging.2")),
        ("1.0.0", OURS, False, (None, None, "1.1.0-staging.2")),
        ("1.1.0", OURS, False, (None, None, None)),
        ("1.1.0-staging.2", OURS, False, (None, None, None)),
        ("6.0.10", REDIS, True, ("7.2.4", "6.0.16", "8.0.0-rc1")),
        ("6.0.10-alpine", REDIS, True, ("7.2.5-alpine", None, None)),
        ("v0.13.0", KRATOS, True, ("v1.1.0", None, "v1.2.0-pre.0")),
        ("v1.0.0", KRATOS, True, ("v1.1.0", "v1.1.0", "v1.2.0-pre.0")),
        ("v1.2.0", KRATOS, True, (None, None, None)),
        ("1.0.0", KRATOS, True, ("1.3.0", "1.3.0", None)),
        ("1.0.0", [], True, (None, None, None)),
    ],
)
def test_newer(
    current: str,
    tags: list[str],
    third_party: bool,
    expected: tuple[str | None, str | None, str | None],
) -> None:
    found = newer(Version.parse(current, allow_v=True), tags, third_party=third_party)
    shown = (found.newest, found.same_major, found.prerelease)
    assert tuple(v.tag if v else None for v in shown) == expected


numbers = st.integers(0, 4)
versions = st.builds(
    Version,
    major=numbers,
    minor=numbers,
    patch=numbers,
    prerelease=st.sampled_from([(), (), ("staging", "1"), ("rc", "10"), ("rc", "9"), ("1",)]),
)


@given(versions, st.lists(versions, max_size=12), st.lists(st.text(max_size=8), max_size=3))
def test_newer_is_the_greatest_of_its_kind(
    current: Version, others: list[Version], nonsense: list[str]
) -> None:
    tags = [v.tag for v in others]
    found = newer(current, [*nonsense, *tags], third_party=False)
    beyond = [v for v in others if v > current]
    finished = [v for v in beyond if not v.is_prerelease]
    assert found.newest == max(finished, default=None)
    assert found.same_major == max((v for v in finished if v.major == current.major), default=None)
    ahead = [v for v in beyond if v.is_prerelease and all(v > f for f in finished)]
    assert found.prerelease == max(ahead, default=None)
    assert found == newer(current, tags[::-1], third_party=False)


@given(st.lists(versions, min_size=1, max_size=12))
def test_nothing_is_newer_than_the_newest(everything: list[Version]) -> None:
    newest = max(everything)
    tags = [v.tag for v in everything]
    assert newer(newest, tags, third_party=False) == Newer()


@given(versions, versions, versions)
def test_the_order_of_versions_is_one(a: Version, b: Version, c: Version) -> None:
    assert (a < b) + (b < a) + (a == b) == 1
    assert not (a < b < c) or a < c
    assert (a <= b) == (not b < a)


def test_a_version_counts_when_all_images_have_it() -> None:
    assert common([["1", "2", "3"], ["2", "3", "4"]]) == {"2", "3"}
    assert common([["1"], []]) == set()
    assert common([]) == set()
