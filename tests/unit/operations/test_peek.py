"""Reading versions at a glance must not differ from reading them with care."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import operations.peek
from operations.peek import Declared, peek

CHECKOUT = Path(__file__).resolve().parents[3]

words = st.sampled_from(
    [
        *("1.2.3", "v1.0.0-a.1", '"1.2"', "'x'", "0.5", "true", "no", "~", "", "[a]", "{a: b}"),
        *("# c", "a b", "1.2.3 # c", "1.2.3#c", "a: b", "&a 1", "*a", "|", "1.2.3:", "1:2"),
        *("a@sha256:00", '"a\n"'),
    ]
)
rows = st.builds(
    "{}{}:{}{}".format,
    st.sampled_from(["    ", "    ", "    ", "      ", "  ", ""]),
    st.sampled_from(
        ["server", "legacy", "'quoted'", "serlo:versions", "serlo:parts", "2", "server"]
    ),
    st.sampled_from([" ", " ", "  ", ""]),
    words,
)
heads = st.sampled_from(
    [
        *("  serlo:versions:", "  serlo:parts:", '  "serlo:versions":', "  serlo:domain: |", ""),
        *("  serlo:versions: {a: 1.2.3}", "config:", "  # serlo:versions: old", "---"),
        "	serlo:parts:",
    ]
)


def careful(text: str) -> Declared | None:
    """What PyYAML's own parser has to say."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None

    def members(node: object) -> dict[str, yaml.Node]:
        pairs: list[tuple[yaml.Node, yaml.Node]] = (
            node.value if isinstance(node, yaml.MappingNode) else []
        )
        return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}

    config = members(root).get("config")
    if not isinstance(config, yaml.MappingNode):
        return None
    texts = [
        {
            k: v.value
            for k, v in members(members(config).get(name)).items()
            if isinstance(v, yaml.ScalarNode)
        }
        for name in ("serlo:versions", "serlo:parts")
    ]
    return Declared(texts[0], {k: v.lower() in {"yes", "true", "on"} for k, v in texts[1].items()})


@given(st.lists(st.one_of(rows, rows, heads), max_size=8))
def test_whatever_the_file_looks_like(middle: list[str]) -> None:
    text = "\n".join(["config:", "  serlo:versions:", "    redis: 6.0.10", *middle, ""])
    expected = careful(text)
    # Of a file that is no YAML, a glance may find the versions all the same.
    assert expected is None or peek(text) == expected


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_our_own_files_need_no_parser(stack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (CHECKOUT / "stacks" / f"Pulumi.{stack}.yaml").read_text()
    expected = careful(text)
    monkeypatch.setattr(operations.peek, "_parsed", pytest.fail)
    assert peek(text) == expected


def test_nesting_without_end_ends() -> None:
    start = time.monotonic()
    assert peek(f"config: {'[' * 100_000}") is None
    assert peek("config: {a: " * 5_000) is None
    assert time.monotonic() - start < 60
