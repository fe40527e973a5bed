"""Comments, pages and JSON, made of reports with anything in them."""

import json
import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from operations.github.cut import cut
from operations.rehearsed.change import RehearsalResult, RehearsedUpdate
from operations.review.capacity import Amount, Need
from operations.review.dangers import Danger, DangerKind
from operations.review.html import html
from operations.review.markdown import MOST, markdown
from operations.review.report import Changed, Field, ReleaseChange, Report, StackReport
from operations.review.terminal import show
from operations.support.output import Page

_BREAKING = (
    *(
        "<",
        ">",
        "&",
        "`",
        "```",
        "````",
        "|",
        "\n",
        "\n\n",
        "\r",
        "\u2028",
        "*",
        "_",
        "[",
        "](",
        ")",
    ),
    *("</details>", "<details>", "<summary>", "<script>", "-->", "<!--", '"', "'", "\\", "~~~"),
    *("\n# ", "\n- ", "\n> ", "\n    ", "\n---\n", "\n\n</details>\n\n", "@people", "#12", "$x$"),
    *("https://example.org", "![", "{", "}", "\t", "</pre>", "</svg>", "javascript:"),
)
_hostile = st.lists(
    st.one_of(st.sampled_from(_BREAKING), st.text(string.ascii_letters + " .:/", max_size=8)),
    min_size=1,
    max_size=8,
).map(lambda parts: "".join(parts) or "x")


def _changed(operation: str, label: str, *fields: Field) -> Changed:
    return Changed(operation, label, "urn", False, fields)


def _report(texts: Iterator[str]) -> Report:
    """A report with something of everything, each text taken from an iterator."""
    step = RehearsedUpdate(
        name="change",
        seconds=1.0,
        changes={"update": 2},
        sent=10,
        lost={next(texts): 1},
        replaced_pods={next(texts): 1},
        restarts=0,
        answers={},
        problem=next(texts),
    )
    amount = Amount(100, 200)
    need = Need(next(texts), 1, 2, amount, amount, amount, 1, None, 4)
    return Report(
        base=next(texts),
        head=next(texts),
        stacks=[
            StackReport(
                stack="production",
                problem=None,
                releases=[
                    ReleaseChange(
                        key="server",
                        before=next(texts).replace("@", ""),
                        after=next(texts).replace("@", ""),
                        direction="up",
                        services=[next(texts)],
                        image="image",
                        changes=[next(texts)],
                        link=f"{next(texts)} ",
                    )
                ],
                dangers=[
                    Danger(DangerKind.DELETED, next(texts), next(texts), "why", (next(texts),))
                ],
                capacity_before=[],
                capacity_after=[need],
                counts={"update": 1},
                changed=[
                    _changed("update", next(texts), Field(next(texts), next(texts), 1)),
                    _changed("create", next(texts)),
                    _changed("update", "x", Field("a", {"b": next(texts)}, [next(texts)])),
                ],
            ),
            StackReport("staging", next(texts), (), (), (), [need], {}, ()),
        ],
        performances=[RehearsalResult("production", 1.0, [step, step])],
    )


_TEXTS = 21
_HARMLESS = ["x"] * _TEXTS


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.found.append(f"<{tag} {' '.join(name for name, _ in attrs)}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")


def _tags(text: str) -> list[str]:
    """The tags of a page, without those of lines of values: there are as many as lines."""
    parser = _Tags()
    parser.feed(text)
    parser.close()
    return [
        tag for tag in parser.found if tag not in ("<span class>", "</span>", "<a href>", "</a>")
    ]


def _structure(text: str) -> list[str]:
    """What a comment consists of, as GitHub reads it: everything but our texts and links."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return list(_kinds(reader.parse(text)))


def _kinds(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in ("html_block", "html_inline"):
            yield " ".join(_tags(token.content))
        elif token.type not in ("text", "text_special", "inline", "link_open", "link_close"):
            yield token.type
        yield from _kinds(token.children or [])


@given(st.lists(_hostile, min_size=_TEXTS, max_size=_TEXTS))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_value_breaks_out_of_a_comment(texts: list[str]) -> None:
    hostile = markdown(_report(iter(texts)), lambda _: "")

    assert _structure(hostile) == _structure(markdown(_report(iter(_HARMLESS)), lambda _: ""))
    assert "javascript:" not in "".join(
        str(token.attrs.get("href", "")) for token in MarkdownIt().parse(hostile)
    )


@given(st.lists(_hostile, min_size=_TEXTS, max_size=_TEXTS))
@settings(max_examples=150, deadline=None)
def test_nothing_in_a_value_breaks_out_of_a_page(texts: list[str]) -> None:
    hostile = html(_report(iter(texts)), lambda _: "")

    assert _tags(hostile) == _tags(html(_report(iter(_HARMLESS)), lambda _: ""))


@given(st.lists(_hostile, min_size=_TEXTS, max_size=_TEXTS), st.integers(600, 6000))
@example([*["x"] * 4, "``", *["x"] * 16], 700)  # the base's name as code begins like a code block
@settings(max_examples=100, deadline=None)
def test_a_comment_is_never_longer_than_allowed_and_closes_what_it_opens(
    texts: list[str], most: int
) -> None:
    text = markdown(_report(iter(texts)), lambda _: "flowchart LR", "See the artifact.", most)

    _assert_closed(text, most)


def test_a_text_that_is_cut_anywhere_closes_what_it_opens() -> None:
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>\n"
    code = "````text\n```\n<details>\n</details>\n```\n````"
    text = "\n".join(
        (
            "`` ` `` into ``` `` ```",
            "``` `` ``` begins a line",
            fold.format("one", code),
            fold.format("two", f"- a\n\n{fold.format('inner', code)}\n- b"),
            "the end",
        )
    )
    note = len("\n\n… cut off. More.\n")
    for most in range(note, len(text) + 2):
        _assert_closed(cut(text, most, "More."), most)


def _assert_closed(text: str, most: int) -> None:
    """A reader of Markdown sees every fold closed, and the note outside of folds and code."""
    assert len(text) <= most
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    depth, last = 0, ""
    for token in reader.parse(text):
        if token.type == "html_block":
            for tag in _tags(token.content):
                depth += {"<details >": 1, "</details>": -1}.get(tag, 0)
                assert depth >= 0
        elif token.type in ("inline", "fence", "code_block"):
            last = f"{token.type}: {token.content}"
    assert depth == 0
    if "… cut off" in text:
        assert last.startswith("inline: "), last
        assert "… cut off" in last


def _huge(resources: int, dangers: int) -> Report:
    fields = [Field(f"spec.field{n}", "a" * 50, "b" * 50) for n in range(60)]
    return Report(
        base="main",
        head="change",
        stacks=[
            StackReport(
                stack="production",
                problem=None,
                releases=[ReleaseChange("server", "1.0.0", "2.0.0", "up", ["server"], "i", [], "")],
                dangers=[
                    Danger(DangerKind.DELETED, f"thing {n}", f"Deployment api/{n}", "why")
                    for n in range(dangers)
                ],
                capacity_before=[],
                capacity_after=[],
                counts={"update": resources},
                changed=[
                    Changed("update", f"Deployment api/{n}", "urn", False, fields)
                    for n in range(resources)
                ],
            )
        ],
    )


def test_what_does_not_fit_is_left_out_the_least_important_first() -> None:
    picture = "flowchart LR\n" + "  a --> b\n" * 200
    for resources, dangers, kept in (
        (3, 3, ["thing 2", "```mermaid", "spec.field59"]),
        (30, 3, ["thing 2", "```mermaid", "Deployment api/29: 60 fields"]),
        (900, 3, ["thing 2", "Deployment api/899: 60 fields"]),
        (3000, 300, ["thing 299", "3000 update"]),
        (3000, 3000, ["thing 19", "and 2980 more", "3000 update"]),
    ):
        text = markdown(
            _huge(resources, dangers), lambda _: picture, "The whole is in the artifact."
        )
        assert len(text) <= MOST
        for part in ("`1.0.0`", "`2.0.0`", f"**Dangers** ({dangers})", *kept):
            assert part in text
        assert ("The whole is in the artifact." in text) == (resources > 3)


def test_a_terminal_gets_all_but_long_lists_of_fields() -> None:
    for resources, fields in ((3, 60), (3, 2)):
        (stack,) = _huge(resources, 3).stacks
        changed = [replace(one, fields=one.fields[:fields]) for one in stack.changed]
        page = Page(80)
        show(Report("main", "bump", [replace(stack, changed=changed)]), page)
        text = page.plain()

        assert text.startswith("bump into main\n")
        assert max(map(len, text.splitlines())) <= 80
        for part in ("1.0.0", "2.0.0", "thing 2: why", "Deployment api/2", "3 update"):
            assert part in text
        assert ("spec.field1\n" in text) == (fields == 2)
        assert ("serlo review --html > review.html" in text) == (fields == 60)


def test_json_has_everything() -> None:
    report = _huge(900, 3000)

    told = json.loads(report.to_json())

    (stack,) = told["stacks"]
    assert len(stack["dangers"]) == 3000
    assert stack["dangers"][0]["kind"] == DangerKind.DELETED.value
    assert [len(changed["fields"]) for changed in stack["changed"]] == [60] * 900


def test_a_page_has_everything() -> None:
    text = html(_huge(100, 300), lambda _: "<svg></svg>")

    assert text.count("spec.field59") == 100
    assert text.count('class="danger"') == 300


def test_what_really_happened_is_told() -> None:
    def step(name: str, *, lost: dict[str, int], problem: str | None = None) -> RehearsedUpdate:
        return RehearsedUpdate(
            name, 12.3, {"update": 2, "same": 80}, 900, lost, {"api/server": 2}, 0, {}, problem
        )

    good = RehearsalResult("production", 60.0, [step("change", lost={}), step("way back", lost={})])
    bad = RehearsalResult(
        "production",
        60.0,
        [
            step("change", lost={}, problem="ImagePullBackOff"),
            step("way back", lost={"GET x: 502": 3}),
        ],
    )
    for performance, free in ((good, True), (bad, False)):
        report = replace(_huge(1, 1), performances=[performance])
        for text in (markdown(report, lambda _: ""), html(report, lambda _: "")):
            assert "900" in text
            assert "api/server (2)" in text
            assert ("The way back is free" in text) == free
            assert ("ImagePullBackOff" in text) != free
            assert ("GET x: 502" in text) != free
    assert "| change | 12 s | 2 update | 900 | 0 | api/server (2) | 0 |" in markdown(
        replace(_huge(1, 1), performances=[good]), lambda _: ""
    )
