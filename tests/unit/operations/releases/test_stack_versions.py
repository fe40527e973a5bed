"""Reading the versions of any stack file that history may hold."""

from operations.releases.stack_versions import StackVersions, peek

STACK = """\
config:
  "serlo:versions": {server: 1.2.3, 'kratos': "v1.0", frontend: 12e4}
  serlo:features:
    legacy: yes # a switch
    other: false
  serlo:domain: |
    serlo:versions:
      server: 9.9.9
"""


def test_versions_are_the_text_that_stands_there() -> None:
    assert peek(STACK) == StackVersions(
        {"server": "1.2.3", "kratos": "v1.0", "frontend": "12e4"},
        {"legacy": True, "other": False},
    )


def test_a_file_without_versions_declares_none() -> None:
    assert peek("config: {serlo:versions: [a], serlo:features: 1}") == StackVersions({}, {})


def test_what_is_no_stack_file_is_none() -> None:
    assert [peek(text) for text in ("", "a: [", "[]", "config: 1", "\tconfig:")] == [None] * 5


def test_nesting_without_end_is_no_stack_file() -> None:
    assert peek(f"config: {'[' * 100_000}") is None
    assert peek("config: {a: " * 5_000) is None
