"""What commands print. Data goes to standard output, everything else to standard error.

A terminal gets what its width holds, and nothing is cut off: columns are shortened, wrapped at
words or continued on lines of their own. A file or a pipe gets every row whole, on one line.
"""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.text import Text

_GAP = 2
_NARROWEST = 20
"""Characters below which a column of prose is not squeezed."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MARK = re.compile(r"[-·✓✗] |\w+ {2,}")
"""A bullet, or a label in a column of its own."""
_NOTE = 4
"""By how much a note is indented below its row."""


class Cell(NamedTuple):
    """A text with a style of rich's, such as `yellow`, that only a terminal shows."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """Rows below headings.

    `prose` are headings of columns that may be wrapped. A row of `notes` holds what stands on lines
    of its own below the row at the same place.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str | Cell]]
    prose: Collection[str] = ()
    notes: Sequence[Sequence[str | Cell]] = ()

    def widths(self) -> list[int]:
        """How wide each column is if nothing is wrapped."""
        every = [*([self.headings] if any(self.headings) else []), *self.rows]
        columns = len(self.headings) or max(map(len, self.rows), default=0)
        return [max((len(_text(row[n])) for row in every), default=0) for n in range(columns)]


class Page:
    """Lines for a terminal of that many columns, or for a file or a pipe (None)."""

    def __init__(self, width: int | None) -> None:
        self.width = width
        self.lines: list[list[Cell]] = []

    def text(self, text: str | Cell = "", indent: int = 0, hanging: int = 0) -> None:
        """Add a text, wrapped at words; further lines are indented by `hanging` more."""
        plain, style = _cell(text)
        room = None if self.width is None else self.width - indent
        for number, line in enumerate(_wrapped(plain, room, hanging)):
            more = hanging if number else 0
            self.lines.append([Cell(" " * (indent + more)), Cell(line, style)])

    def prose(self, text: str) -> None:
        """Add lines, each wrapped below its own start, behind its bullet or beside its label."""
        for line in text.splitlines():
            start = line.lstrip(" ")
            mark = _MARK.match(start)
            self.text(start, len(line) - len(start), mark.end() if mark else _GAP)

    def command(self, command: str, indent: int = _GAP) -> None:
        """Add a command; one that is too long goes on as a shell reads it."""
        room = None if self.width is None else self.width - indent - len(" \\")
        lines = _wrapped(command, room, _GAP)
        for number, line in enumerate(lines):
            more = _GAP if number else 0
            end = " \\" if number + 1 < len(lines) else ""
            self.lines.append([Cell(f"{' ' * (indent + more)}{line}{end}")])

    def table(self, *forms: Table, indent: int = 0) -> None:
        """Add a table, of whose forms the first says most and the last is the narrowest.

        A terminal gets the first that fits with its prose wrapped, or the last.
        """
        room = None if self.width is None else self.width - indent
        form = next((form for form in forms if _fits(form, room)), None)
        self.lines += _lines(form or forms[-1], room, indent)

    def plain(self) -> str:
        """The page without styles."""
        lines = ("".join(cell.text for cell in line).rstrip() for line in self.lines)
        return "".join(f"{line}\n" for line in lines)

    def show(self, *, on_error: bool = False) -> None:
        """Print the page to standard output or error, in colours where a terminal has them."""
        if self.width is None:
            write_out(self.plain(), on_error=on_error)
            return
        from rich.console import Console  # noqa: PLC0415 slow to import, and not for pipes

        console = Console(highlight=False, stderr=on_error)
        for line in self.lines:
            console.print(_styled(line), soft_wrap=True)


def page(*, on_error: bool = False) -> Page:
    """An empty page for standard output or error: the terminal's width, or None for a pipe."""
    stream = sys.stderr if on_error else sys.stdout
    return Page(shutil.get_terminal_size().columns if stream.isatty() else None)


def print_text(text: str, *, on_error: bool = False) -> None:
    """Print lines of text, as `Page.prose` wraps them."""
    shown = page(on_error=on_error)
    shown.prose(text)
    shown.show(on_error=on_error)


def print_table(*forms: Table) -> None:
    """Print a table, as `Page.table` lays it out."""
    shown = page()
    shown.table(*forms)
    shown.show()


@contextmanager
def working(what: str) -> Generator[Callable[[str], None]]:
    """Show what takes a while, on standard error if that is a terminal; elsewhere nothing.

    What it yields shows another text in its place.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 slow to import, and not for pipes
    from rich.text import Text  # noqa: PLC0415

    with Console(stderr=True).status(Text(f"{what} …")) as status:
        yield lambda text: status.update(Text(f"{text} …"))


def write_out(text: str, *, on_error: bool = False) -> None:
    """Write a text to standard output or error, whose reader may leave when it has seen enough."""
    stream = sys.stderr if on_error else sys.stdout
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _lines(form: Table, room: int | None, indent: int) -> Iterator[list[Cell]]:
    widths = _squeezed(form, room)
    wrapped = {n for n, heading in enumerate(form.headings) if heading in form.prose}
    margin = Cell(" " * indent)
    if any(form.headings):
        yield [margin, *_line([Cell(heading, "bold") for heading in form.headings], widths)]
    for row, notes in zip(form.rows, form.notes or [()] * len(form.rows), strict=True):
        cells = [
            _wrapped(_text(cell), widths[n] if n in wrapped else None, 0)
            for n, cell in enumerate(row)
        ]
        for number in range(max(map(len, cells))):
            part = [
                Cell(lines[number] if number < len(lines) else "", _cell(cell).style)
                for lines, cell in zip(cells, row, strict=True)
            ]
            yield [margin, *_line(part, widths)]
        for note in notes:
            text, style = _cell(note)
            for line in _wrapped(text, None if room is None else room - _NOTE, _GAP):
                yield [margin, Cell(" " * _NOTE), Cell(line, style)]


def _line(cells: Sequence[Cell], widths: Sequence[int]) -> Iterator[Cell]:
    for number, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        yield cell
        if number + 1 < len(widths):
            yield Cell(" " * (width - len(cell.text) + _GAP))


def _squeezed(form: Table, room: int | None) -> list[int]:
    """The columns' widths, those of prose made narrower as far as needed, the widest first."""
    widths = form.widths()
    least = {
        n: max([_NARROWEST, *(len(word) for row in form.rows for word in _text(row[n]).split())])
        for n, heading in enumerate(form.headings)
        if heading in form.prose
    }
    while room is not None and _total(widths) > room:
        squeezable = [n for n in least if widths[n] > least[n]]
        if not squeezable:
            break
        widths[max(squeezable, key=lambda n: widths[n])] -= 1
    return widths


def _fits(form: Table, room: int | None) -> bool:
    return room is None or _total(_squeezed(form, room)) <= room


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _wrapped(text: str, width: int | None, hanging: int) -> list[str]:
    """The lines of a text: at most `width` characters, further ones less by `hanging`.

    Only a word that is longer than a line is longer: cut in two it could not be copied.
    """
    if width is None or len(text) <= width:
        return [text]
    lines = textwrap.wrap(
        text,
        max(width, 1),
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.lstrip() for line in lines] or [""]


def _cell(cell: str | Cell) -> Cell:
    return cell if isinstance(cell, Cell) else Cell(cell)


def _text(cell: str | Cell) -> str:
    return cell.text if isinstance(cell, Cell) else cell


def _styled(line: Sequence[Cell]) -> "Text":
    from rich.text import Text  # noqa: PLC0415 slow to import, and not for pipes

    # What others wrote must not steer the terminal.
    text = Text.assemble(*((_CONTROL.sub("�", cell.text), cell.style) for cell in line))
    text.rstrip()
    return text
