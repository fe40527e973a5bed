"""The prose check finds words in prose and leaves code alone."""

import pytest

from tests.unit.docs.prose import ROOT, find, prose, words_to_avoid

WORDS = words_to_avoid((ROOT / "STYLE.md").read_text())


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("x.md", "First.\n\nWhoever merges.\n", [(3, "whoever")]),
        ("x.md", "What could not be read is\nsaid.\n", [(1, "is said")]),
        ("x.md", "`whoever` and\n\n```sh\nwhoever\n```\n", []),
        ("x.md", "Whomsoever or awhoever.\n", []),
        ("x.py", '"""Whoever reads this."""\nwhoever = 1\n', [(1, "whoever")]),
        ("x.py", 'a = 1\nprint(\n    "What fails is "\n    "said."\n)\n', [(3, "is said")]),
        ("x.py", 'print(f"Nothing {a} is told to {b}")\n', [(1, "is told")]),
        ("x.py", "# What is\n# asked.\n", [(1, "is asked")]),
        ("x.py", 'user = "nobody"\nis_said("x y is", "said it")\n', []),
        ("x.yml", "# Nobody\nuser: x\n# is\n# asked\n", [(1, "nobody"), (3, "is asked")]),
        ("STYLE.md", "| whoever | you |\n", []),
    ],
)
def test_words(name: str, text: str, expected: list[tuple[int, str]]) -> None:
    findings = [(finding.line, finding.word) for finding in find(prose(name, text), WORDS)]
    assert sorted(findings) == sorted(expected)


def test_every_word_has_something_better() -> None:
    assert len(WORDS) > 20
    assert all(WORDS.values())
