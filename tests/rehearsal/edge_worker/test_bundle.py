"""Modules in one behave as they do apart; what they keep to themselves stays apart."""

from pathlib import Path

from infra.edge.bundle import bundle
from tests.rehearsal.edge_worker.runtime import EdgeRuntime, Site

_MODULES = {
    "index.js": """\
import { Failure, count } from "./counter.mjs";
import { name, shout } from "./texts.mjs";

const step = 2;

export default {
  async fetch() {
    count(step);
    try {
      await shout("");
    } catch (error) {
      const known = error instanceof Failure;
      return Response.json({ name, known, text: await shout(error.message), total: count(step) });
    }
  },
};
""",
    "counter.mjs": """\
const step = 1;
let total = 0;

export class Failure extends Error {}

export function count(more) {
  total += step * more;
  return total;
}
""",
    "texts.mjs": """\
import {
  Failure,
} from "./counter.mjs";

const step = (text) => text.toUpperCase();

export const name = "import { x } from 'y'; export {}";

export async function shout(text) {
  if (text === "") throw new Failure("nothing");
  return step(text);
}
""",
}


def test_modules_in_one_keep_their_names_apart(tmp_path: Path) -> None:
    site = Site({}, code=bundle("index.js", _MODULES), store=False)
    with EdgeRuntime(tmp_path / "edge", {"edge": site}) as runtime:
        assert runtime.fetch("edge", "https://example.org/").json() == {
            "name": "import { x } from 'y'; export {}",
            "known": True,
            "text": "NOTHING",
            "total": 4,
        }
