"""What a new version means for us, in lines for a report."""

from collections.abc import Sequence

_COMMIT = 40


def changelog(service: str, repository: str, before: str, after: str) -> tuple[Sequence[str], str]:
    """Lines of the changelog between two versions, and a link to all of it."""
    del service
    old, new = before.partition("@")[0], after.partition("@")[0]
    if len(old) == _COMMIT and len(new) == _COMMIT and set(old) != {"0"}:
        return (), f"https://github.com/{repository}/compare/{old}...{new}"
    return (), f"https://github.com/{repository}/blob/main/CHANGELOG.md"
