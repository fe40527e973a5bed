"""The worker's modules in one: what can be put together, and what is refused with its place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.edge.bundle import (
    TABLE_MODULE,
    BundleError,
    bundle,
    bundled_table,
    sections,
    table_module,
)

ENTRY = 'import { a } from "./a.mjs";\nexport default { a };\n'
A = "export function a() {}\n"
C = 'import { a } from "./a.mjs";\nexport const c = a;\n'
JSON = st.text() | st.integers() | st.booleans() | st.lists(st.text(), max_size=3)
FIELDS = st.dictionaries(st.text(), JSON, max_size=5)


@given(FIELDS, st.lists(FIELDS, max_size=4))
def test_the_table_can_be_read_back(fields: dict[str, Any], rules: list[dict[str, Any]]) -> None:
    table: dict[str, Any] = {**fields, "rules": rules}
    entry = (
        f'import {{ COMPILED_TABLE }} from "./{TABLE_MODULE}";\nexport default COMPILED_TABLE;\n'
    )
    code = bundle("index.js", {"index.js": entry, TABLE_MODULE: table_module(table)})
    assert bundled_table(code) == table
    assert table_module(table).isascii()


def test_each_rule_of_the_table_has_a_line() -> None:
    text = table_module({"limits": {}, "rules": [{"name": "a"}, {"name": "b"}]})
    assert [line for line in text.splitlines() if "name" in line] == [
        '    {"name": "a"},',
        '    {"name": "b"}',
    ]


def test_modules_come_behind_what_they_import() -> None:
    modules = {
        "index.js": 'import { b } from "./b.mjs";\nimport { a } from "./a.mjs";\nexport default b;'
        "\n",
        "a.mjs": 'import {\n  b,\n  c,\n} from "./b.mjs";\nexport const a = b;\n',
        "b.mjs": "export class b {}\nexport async function c() {}\nconst kept = 1;\n",
        "unused.mjs": "export const d = 1;\n",
    }
    parts = sections(bundle("index.js", modules))
    assert list(parts) == ["b.mjs", "a.mjs", "index.js"]
    assert "return { b, c };" in parts["b.mjs"]
    assert "const kept = 1;" in parts["b.mjs"]
    assert parts["index.js"].endswith("export default b;\n")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"a.mjs": "export const b = 1;\n"}, "index.js:1: a.mjs does not export a"),
        ({"index.js": 'import { a } from "./b.mjs";\n'}, "index.js:1: there is no module b.mjs"),
        ({"index.js": f'{ENTRY}import x from "./a.mjs";\n'}, "because of `import x from"),
        ({"index.js": f'{ENTRY}import {{ a as b }} from "./a.mjs";\n'}, "of `import { a as b"),
        ({"a.mjs": f"{A}export {{ a as b }};\n"}, "because of `export { a as b };`"),
        ({"a.mjs": f"{A}export default a;\n"}, "because of `export default a;`"),
        ({"a.mjs": f'{A}export * from "./b.mjs";\n'}, "because of `export *"),
        ({"a.mjs": f'{A}const b = await import("./b.mjs");\n'}, "of `const b = await import("),
        ({"a.mjs": f"{A}const b = import.meta.url;\n"}, "because of `const b = import.meta.url;`"),
        ({"a.mjs": A.strip()}, "a.mjs: the last line does not end"),
        ({"a.mjs": f'import {{ c }} from "./c.mjs";\n{A}', "c.mjs": C}, "a.mjs -> c.mjs -> a.mjs"),
    ],
)  # fmt: skip
def test_what_cannot_be_bundled(changed: dict[str, str], message: str) -> None:
    with pytest.raises(BundleError) as refused:
        bundle("index.js", {"index.js": ENTRY, "a.mjs": A, **changed})
    assert message in str(refused.value)


def test_another_worker_has_no_table() -> None:
    with pytest.raises(BundleError, match="there is no compiled-table"):
        bundled_table(bundle("index.js", {"index.js": ENTRY, "a.mjs": A}))
