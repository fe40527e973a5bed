"""The repository's Markdown, read: links, headings, paths and commands."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
"""The repository."""

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"(?:^|\n)\n((?: {4,}\S[^\n]*\n)+)")
_INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_LINK = re.compile(r"\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)")
_SHELL = {"", "sh"}


def documents() -> list[Path]:
    """Every Markdown file in git except golden files and inputs of tests."""
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        text=True,
    ).split()
    names = [name for name in listed if not re.match(r"tests/.+/(?!README\.md)", name)]
    return [ROOT / name for name in sorted(names) if (ROOT / name).is_file()]


def links(text: str) -> list[tuple[str, str]]:
    """Path and anchor of each relative link."""
    return [(match[1], match[2] or "") for match in _LINK.finditer(_FENCE.sub("", text))]


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def inline_code(text: str) -> list[str]:
    """The text of each code span."""
    return [re.sub(r"\s+", " ", match[1]) for match in _INLINE.finditer(_FENCE.sub("", text))]


def commands(text: str, program: str) -> list[str]:
    """Every command line that starts with the program, as a reader would type it."""
    blocks = [match[3] for match in _FENCE.finditer(text) if match[2] in _SHELL]
    blocks += _INDENTED.findall(_FENCE.sub("", text))
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").split("\n")]
    spans = inline_code(text)
    found = [re.split(r"\s+#|\s\\?[|>]|[;&]|\)\"", line)[0].strip() for line in [*lines, *spans]]
    return [line for line in found if re.match(rf"{program}( |$)", line)]
