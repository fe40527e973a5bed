"""Check prose against the words to avoid in STYLE.md: `python -m tests.unit.docs.prose`.

Reads Markdown without code, comments and texts of Python files, and other files whole. Prints file,
line, word and what to write instead.
"""

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]
CHECKED = (
    ":(glob)*.md",
    ":(glob)*/README.md",
    ".github/",
    "benchmarks/",
    "docs/",
    "infra/",
    "k8s/",
    "operations/",
    "policy/",
    "rehearsal/",
    "stacks/",
    "tests/",
    "toolchain/",
    # Has what must be found.
    ":(exclude)tests/unit/docs/test_prose.py",
)
"""Files and folders that pass. Add more; never take one away."""

_SUFFIXES = {".md", ".py", ".mjs", ".js", ".ts", ".yml", ".yaml", ".json"}
_TEXTS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_QUOTES = {getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)}
_IDENTIFIER = re.compile(r"[rbfuRBFU]*([\"']+)[\w-]*\1")
_MARKDOWN_CODE = re.compile(
    r"^( *)```.*?^\1```|(?<!`)`[^`]+`(?!`)|\]\([^)]*\)|<!--.*?-->", re.DOTALL | re.MULTILINE
)


class Finding(NamedTuple):
    """A word to avoid, its line, and what to write instead."""

    line: int
    word: str
    better: str


def words_to_avoid(style: str) -> dict[str, str]:
    """Each word of the table in STYLE.md, and what to write instead."""
    table = style.split("### Words to avoid")[1].split("\n## ", maxsplit=1)[0]
    rows = [row.strip("|").split("|") for row in table.splitlines() if row.startswith("|")][2:]
    return {word.strip(): row[1].strip() for row in rows for word in row[0].split(",")}


def find(text: str, words: dict[str, str]) -> Iterator[Finding]:
    """Every word to avoid in a text, also where a line ends between its parts."""
    alternatives = "|".join(
        re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True)
    )
    for match in re.finditer(rf"\b(?:{alternatives})\b", text, re.IGNORECASE):
        word = re.sub(r"\s+", " ", match[0]).lower()
        yield Finding(text.count("\n", 0, match.start()) + 1, word, words[word])


def prose(name: str, text: str) -> str:
    """The text with everything that is not prose blanked out, line by line."""
    if name == "STYLE.md":
        text = re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)
    if name.endswith(".md"):
        return _MARKDOWN_CODE.sub(lambda match: _blank(match[0]), text)
    if name.endswith(".py"):
        return _python_prose(text)
    return re.sub(r"^\s*(?:#|//|\*)", lambda match: " " * len(match[0]), text, flags=re.MULTILINE)


def _python_prose(source: str) -> str:
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    blanked = [*_blank(source)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _TEXTS | _QUOTES:
            continue
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        text = source[start:end]
        if token.type in _QUOTES or _IDENTIFIER.fullmatch(text):
            text = re.sub(r"\S", " " if token.type in _QUOTES else "\0", text)
        else:
            text = re.sub(r"^(?:#|[rbfuRBFU]*[\"']+)|[\"']+$", lambda m: " " * len(m[0]), text)
        blanked[start:end] = text
    return "".join(blanked)


def _blank(text: str) -> str:
    return re.sub(r"\S", "\0", text)


def main() -> int:
    """Print every finding; exit code 1 if there is one."""
    words = words_to_avoid((ROOT / "STYLE.md").read_text())
    listed = subprocess.check_output(["git", "ls-files", *CHECKED], cwd=ROOT, text=True)
    count = 0
    for name in listed.splitlines():
        file = ROOT / name
        if file.suffix in _SUFFIXES and file.is_file():
            for line, word, better in find(prose(name, file.read_text()), words):
                print(f'{name}:{line}: "{word}": {better}')
                count += 1
    if count:
        print(f"{count} words to avoid. STYLE.md says why.", file=sys.stderr)
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
