"""Releases: SemVer's own rules and examples, and everything that is no release."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.declaration.release import (
    Channel,
    Commit,
    Image,
    ReleaseError,
    Version,
    parse_release,
)

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
COMMIT = "89abcdef0123456789abcdef0123456789abcdef"

_numbers = st.integers(0, 10**12)
_alphanumeric = st.from_regex(r"[0-9]*[A-Za-z-][0-9A-Za-z-]*", fullmatch=True).filter(
    lambda text: len(text) < 20
)
_prerelease = st.lists(st.one_of(_numbers.map(str), _alphanumeric), max_size=4).map(tuple)
_build = st.lists(st.from_regex(r"[0-9A-Za-z-]{1,8}", fullmatch=True), max_size=3).map(tuple)
_digests = st.one_of(st.none(), st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True))
_versions = st.builds(
    Version,
    _numbers,
    _numbers,
    _numbers,
    prerelease=_prerelease,
    build=_build,
    prefix=st.sampled_from(["", "v"]),
    digest=_digests,
)


@given(_versions)
def test_a_version_survives_being_written_and_read(version: Version) -> None:
    assert Version.parse(str(version), allow_v=True) == version


@given(st.from_regex(r"[0-9a-f]{40}", fullmatch=True), _digests)
def test_a_commit_survives_being_written_and_read(sha: str, digest: str | None) -> None:
    assert Commit.parse(str(Commit(sha, digest))) == Commit(sha, digest)


@given(st.text(), st.sampled_from(Channel))
def test_any_text_is_a_release_or_an_error_with_a_remedy(text: str, channel: Channel) -> None:
    try:
        release = parse_release(text, channel)
    except ReleaseError as error:
        assert error.found == text
        assert error.allowed
        assert error.remedy
    else:
        assert str(release) == text


@given(_versions, _versions)
def test_order_is_total_and_blind_to_build_and_digest(a: Version, b: Version) -> None:
    assert (a < b) + (b < a) + (a <= b <= a) == 1
    assert (a < b) == (b > a)
    assert (a <= b) == (b >= a)
    bare = Version(a.major, a.minor, a.patch, a.prerelease)
    assert bare <= a <= bare


def test_precedence_is_that_of_semver_11() -> None:
    # The examples of https://semver.org/#spec-item-11, plus those Serlo used.
    ascending = [
        *("0.26.28-staging.0", "0.26.28", "0.48.0-stable.1", "0.48.0", "0.52.1"),
        *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"),
        *("1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"),
    ]
    versions = [Version.parse(text) for text in ascending]
    for lower, higher in itertools.combinations(versions, 2):
        assert lower < higher
        assert not higher <= lower


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0.0.4",
            "1.2.3",
            "10.20.30",
            "1.1.2-prerelease+meta",
            "1.1.2+meta",
            "1.0.0-alpha0.valid",
        ),
        *(
            "1.0.0-alpha-a.b-c-somethinglong",
            "1.2.3----RC-SNAPSHOT.12.9.1--.12",
            "1.0.0-0A.is.legal",
        ),
        "99999999999999999999999.999999999999999999.99999999999999999",
    ],
)
def test_versions_that_semver_calls_valid(text: str) -> None:
    assert str(Version.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "1.2", "1.2.3-0123", "1.2.3-0123.0123", "1.1.2+.123", "+invalid", "-invalid"),
        *("alpha", "1.0.0-alpha_beta", "1.0.0-alpha..1", "01.1.1", "1.01.1", "1.1.01", "1.2.3.DEV"),
        *("1.2-SNAPSHOT", "1.1.2+meta+meta", "1.2.3-", "1.2.3+", " 1.2.3", "1.2.3\n", "1.2.3 "),
        *(
            "\uff11.2.3",
            "1.2.3-é",
            "1.2.3@",
            "1.2.3@sha256:",
            f"1.2.3@{DIGEST.upper()}",
            "1.2.3@sha512:ab",
        ),
        f"1.2.{'9' * 200}",
    ],
)
def test_versions_that_semver_calls_invalid(text: str) -> None:
    with pytest.raises(ReleaseError):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "channel", "remedy"),
    [
        ("latest", Channel.SEMANTIC, "moves"),
        ("Production", Channel.SEMANTIC, "moves"),
        ("staging", Channel.CONTINUOUS, "moves"),
        ("0.52", Channel.SEMANTIC, "all three numbers"),
        ("^0.52.1", Channel.SEMANTIC, "range"),
        (">=0.52.1", Channel.SEMANTIC, "range"),
        ("0.52.x", Channel.SEMANTIC, "range"),
        ("v0.52.1", Channel.SEMANTIC, "0.52.1"),
        (COMMIT, Channel.SEMANTIC, "not by commits"),
        ("0.52.1+build", Channel.SEMANTIC, "plus sign"),
        ("0.52.1", Channel.CONTINUOUS, "commit"),
        (COMMIT[:7], Channel.CONTINUOUS, "in full"),
        (COMMIT.upper(), Channel.CONTINUOUS, "lower case"),
    ],
)
def test_the_remedy_fits_the_mistake(text: str, channel: Channel, remedy: str) -> None:
    with pytest.raises(ReleaseError, match=remedy):
        parse_release(text, channel)


def test_a_v_is_for_third_parties() -> None:
    assert str(parse_release("v2.1.2", Channel.SEMANTIC, allow_v=True)) == "v2.1.2"


def test_pre_releases_are_told_apart() -> None:
    assert Version.parse("0.53.0-staging.1").is_prerelease
    assert not Version.parse("0.53.0").is_prerelease
    assert not Commit.parse(COMMIT).is_prerelease


def test_an_image_names_release_and_digest() -> None:
    release = parse_release(f"{COMMIT}@{DIGEST}", Channel.CONTINUOUS)
    assert Image("ghcr.io/serlo/frontend", release).reference == (
        f"ghcr.io/serlo/frontend:{COMMIT}@{DIGEST}"
    )
