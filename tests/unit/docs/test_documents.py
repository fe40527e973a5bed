"""Documents lead where they say, name files that exist and commands that can be typed."""

import re
import shlex
from pathlib import Path

import pytest
from cyclopts.exceptions import CycloptsError, MissingArgumentError

from operations.command import app
from tests.unit.docs.markdown import ROOT, anchors, commands, documents, inline_code, links

DOCUMENTS = documents()
TEXTS = {file: file.read_text() for file in DOCUMENTS}
NAMES = [str(file.relative_to(ROOT)) for file in DOCUMENTS]
PACKAGES = sorted(folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").is_file())
FOLDERS = ["docs", "stacks", "tests", ".github", *PACKAGES]
PATH = re.compile(
    rf"(?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\w/?"
    r"|Makefile|[A-Z]+\.md|Pulumi\.yaml|pyproject\.toml"
)
MADE_BY_COMMANDS = ("benchmarks/results/",)
"""Folders that documents name and git ignores."""

each = pytest.mark.parametrize("file", DOCUMENTS, ids=NAMES)


@each
def test_links_lead_to_a_file_and_a_heading(file: Path) -> None:
    broken: list[str] = []
    for path, anchor in links(TEXTS[file]):
        target = (file.parent / path).resolve() if path else file
        if not target.exists():
            broken.append(path)
        elif anchor and anchor not in anchors(target.read_text()):
            broken.append(f"{path}#{anchor}")
    assert broken == []


@each
def test_paths_exist(file: Path) -> None:
    paths = [code for code in inline_code(TEXTS[file]) if PATH.fullmatch(code)]
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert [path for path in missing if path not in MADE_BY_COMMANDS] == []


@each
def test_commands_can_be_typed(file: Path) -> None:
    """`serlo` accepts each command as written, with a value for what stands in <brackets>."""
    refused: list[str] = []
    for command in commands(TEXTS[file], "serlo"):
        tokens = shlex.split(re.sub(r"<[\w-]+>|STACK|…", "staging", command))[1:]
        if not tokens or tokens[0] in {"COMMAND", "--help"}:
            continue
        if tokens[1:] and "--help" not in tokens:
            try:
                app.parse_args(tokens, exit_on_error=False, print_error=False)
            except MissingArgumentError:
                continue  # text that speaks of an option
            except CycloptsError as error:
                refused.append(f"{command}: {error}")
        elif tokens[0] not in app:
            refused.append(command)
    assert refused == []


@each
def test_make_targets_exist(file: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for line in commands(TEXTS[file], "make") for target in line.split()[1:]}
    assert {name for name in named if re.fullmatch(r"[a-z-]+", name)} <= targets


def test_every_document_is_reachable_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        file = waiting.pop()
        if file in reached:
            continue
        reached.add(file)
        targets = [(file.parent / path).resolve() for path, _ in links(TEXTS[file]) if path]
        waiting += [target for target in targets if target in TEXTS]
    docs = {file for file in DOCUMENTS if file.is_relative_to(ROOT / "docs")}
    assert sorted(str(file.relative_to(ROOT)) for file in docs - reached) == []


def test_every_file_that_declares_services_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference" / "services.md").read_text()
    files = (ROOT / "infra" / "services").glob("*.py")
    declaring = {f"infra/services/{file.name}" for file in files if file.name != "__init__.py"}
    assert declaring <= set(re.findall(r"`([^`]+)`", text))
