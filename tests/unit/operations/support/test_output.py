"""Pages for terminals and pipes: nothing is cut, and a terminal's width is kept."""

from itertools import zip_longest

from hypothesis import given
from hypothesis import strategies as st

from operations.support.output import Cell, Page, Table

_word = st.text("abcdefgh.-/", min_size=1, max_size=18)
_prose = st.lists(_word, max_size=12).map(" ".join)
_names = ("service", "version", "note")


def _words(lines: list[str]) -> list[str]:
    return sorted(word for line in lines for word in line.split())


@given(st.lists(st.tuples(_word, _word, _prose), min_size=1, max_size=6), st.integers(62, 200))
def test_prose_is_wrapped_so_that_a_table_fits(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    page = Page(width)
    page.table(Table(_names, rows, prose={"note"}))
    lines = page.plain().splitlines()

    assert max(map(len, lines)) <= width
    assert _words(lines[1:]) == _words([cell for row in rows for cell in row])


@given(st.lists(st.tuples(_word, _word, _prose), min_size=1, max_size=6), st.integers(40, 200))
def test_what_does_not_fit_beside_the_rest_stands_below_it(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    page = Page(width)
    page.table(
        Table(_names, rows),
        Table(_names[:2], [row[:2] for row in rows], notes=[[row[2]] for row in rows]),
    )
    lines = page.plain().splitlines()

    assert max(map(len, lines)) <= width
    assert _words(lines[1:]) == _words([cell for row in rows for cell in row])


@given(st.lists(st.tuples(_word, _word, _prose), min_size=1, max_size=6))
def test_a_pipe_gets_a_line_for_each_row_in_columns(rows: list[tuple[str, str, str]]) -> None:
    page = Page(None)
    page.table(Table(_names, rows, prose={"note"}), Table(("service",), [row[:1] for row in rows]))
    heading, *lines = page.plain().splitlines()

    starts = [heading.index(name) for name in _names]
    ends = [*(start - 2 for start in starts[1:]), None]
    cut = [
        tuple(line[start:end].rstrip() for start, end in zip(starts, ends, strict=True))
        for line in lines
    ]
    assert cut == rows


def test_a_style_takes_no_room_and_does_not_reach_a_pipe() -> None:
    rows = [(Cell("behind", "yellow"), "x"), ("level", "y")]
    shown = [Page(None), Page(80)]
    for page in shown:
        page.table(Table(("lag", "name"), rows))
        assert page.plain().splitlines() == ["lag     name", "behind  x", "level   y"]


def test_a_long_command_goes_on_as_a_shell_reads_it() -> None:
    command = "pulumi config set --secret --path 'serlo:secrets.mysql-uri' --stack production"
    for width in (None, 40, 60, 200):
        page = Page(width)
        page.command(command)
        lines = page.plain().splitlines()
        assert len(lines) == 1 or width in (40, 60)
        assert all(
            line.endswith(" \\") == (following is not None)
            for line, following in zip_longest(lines, lines[1:])
        )
        assert " ".join(line.removesuffix("\\").strip() for line in lines) == command
        assert width is None or max(map(len, lines)) <= width


def test_lines_are_wrapped_behind_their_bullets_and_beside_their_labels() -> None:
    text = "cluster    one two three\n           more\n  - four five six\nseven eight nine ten"
    page, pipe = Page(18), Page(None)
    page.prose(text)
    pipe.prose(text)
    assert pipe.plain() == f"{text}\n"
    assert page.plain().splitlines() == [
        *("cluster    one two", "           three", "           more"),
        *("  - four five six", "seven eight nine", "  ten"),
    ]
