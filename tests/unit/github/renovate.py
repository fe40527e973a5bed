"""As much of Renovate as reads stack files: custom managers and package rules.

test_renovate_itself.py runs Renovate over the files as they are; this tries other contents, fast.

What it does is described at https://docs.renovatebot.com/modules/manager/regex/ and
https://docs.renovatebot.com/configuration-options/#packagerules.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tests.unit.github.workflows import GITHUB

CONFIGURATION: dict[str, Any] = json.loads((GITHUB / "renovate.json").read_text())


@dataclass(frozen=True)
class Dependency:
    """What Renovate finds in a file, and how it would treat it."""

    file: str
    name: str
    package: str
    datasource: str
    versioning: str
    value: str | None
    digest: str | None
    text: str
    """What it replaces in the file."""
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


def dependencies(file: str, text: str) -> list[Dependency]:
    """All that the custom managers find in `file` (a path in the repository)."""
    found: list[Dependency] = []
    for manager in CONFIGURATION["customManagers"]:
        assert manager["customType"] == "regex"
        if not any(_matches(pattern, file) for pattern in manager["managerFilePatterns"]):
            continue
        for matched, groups in _extract(manager, text):
            name = groups.get("depName") or manager["depNameTemplate"]
            package = manager.get("packageNameTemplate", name).replace("{{{depName}}}", name)
            settings = _settings(file, name, manager["datasourceTemplate"])
            found.append(
                Dependency(
                    file,
                    name,
                    settings.get("overridePackageName", package),
                    settings.get("overrideDatasource", manager["datasourceTemplate"]),
                    manager["versioningTemplate"],
                    groups.get("currentValue"),
                    groups.get("currentDigest"),
                    matched,
                    settings,
                )
            )
    return found


def replaced(text: str, dependency: Dependency, new: str) -> str:
    """The file with another version (or commit), as Renovate writes it."""
    old = dependency.value or dependency.digest
    assert old is not None
    assert text.count(dependency.text) == 1
    return text.replace(dependency.text, dependency.text.replace(old, new))


def _extract(manager: dict[str, Any], text: str) -> Iterator[tuple[str, dict[str, str]]]:
    patterns = [_pattern(pattern) for pattern in manager["matchStrings"]]
    if manager.get("matchStringsStrategy") == "recursive":
        yield from _recursive(patterns, text, {})
        return
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield match[0], match.groupdict()


def _recursive(
    patterns: list[re.Pattern[str]], text: str, groups: dict[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    if not patterns:
        yield text, groups
        return
    for match in patterns[0].finditer(text):
        yield from _recursive(patterns[1:], match[0], groups | match.groupdict())


def _pattern(text: str) -> re.Pattern[str]:
    # What RE2 does not know, it refuses: looking around, and references to groups.
    assert not re.search(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\\k<", text)
    return re.compile(re.sub(r"\(\?<([a-zA-Z]+)>", r"(?P<\1>", text), re.ASCII)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("/") and pattern.endswith("/"):
        return re.search(pattern[1:-1], name) is not None
    return fnmatchcase(name, pattern)


_UNKNOWN_YET = {"matchUpdateTypes"}
_MATCHERS = {
    "matchManagers",
    "matchFileNames",
    "matchDepNames",
    "matchDepTypes",
    "matchDatasources",
}


def _settings(file: str, name: str, datasource: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    facts = {
        "matchManagers": "custom.regex",
        "matchFileNames": file,
        "matchDepNames": name,
        "matchDepTypes": "",
        "matchDatasources": datasource,
    }
    for rule in CONFIGURATION["packageRules"]:
        matchers = {key for key in rule if key.startswith("match")}
        assert matchers <= _MATCHERS | _UNKNOWN_YET
        if not matchers & _UNKNOWN_YET and all(
            any(_matches(pattern, facts[matcher]) for pattern in rule[matcher])
            for matcher in matchers
        ):
            settings |= {key: value for key, value in rule.items() if key not in matchers}
    return settings
