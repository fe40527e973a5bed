// Pictures for third-party videos and applets, so that visitors do not have to ask those servers.

/** @import { Captured, CompiledSource, Rule, Template, Visit } from "./types" */
import { discard } from "./answers.mjs";
import { askOthers, modest } from "./proxy.mjs";
import { filled } from "./templates.mjs";
import { presentable, within } from "./upstream.mjs";

/** 768 x 432 points in the colour #eff7fb. */
const PLACEHOLDER = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAwAAAAGwAQMAAAAkGpCRAAAAA1BMVEXv9/t0VvapAAAAP0lEQVR42u3BMQEAAADCoP" +
      "VPbQsvoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADgZ6OwAAFbV+5NAAAAAElFTkSuQmCC",
  ),
  (character) => character.charCodeAt(0),
);
const MOST_LETTERS = 2000;
const NO_SCRIPTS = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/**
 * @typedef {object} Source
 * @property {RegExp} url
 * @property {Template[]} images
 * @property {Template | undefined} ask
 * @property {Template | undefined} body
 * @property {string[]} at
 * @property {string | undefined} imageHost
 * @property {RegExp | undefined} drop
 */

/**
 * @param {CompiledSource[]} compiled
 * @returns {Rule["answer"]}
 */
export function preparedThumbnail(compiled) {
  const sources = compiled.map(ready);
  return async (visit) => {
    const wanted = visit.url.searchParams.get("url") ?? "";
    if (wanted.length > MOST_LETTERS || !URL.canParse(wanted)) return placeholder();
    // How a player is to be shown, which the query says, does not matter.
    const { origin, pathname } = new URL(wanted);
    for (const source of sources) {
      const match = source.url.exec(`${origin}${pathname}`);
      if (match !== null) return (await image(source, match.groups ?? {}, visit)) ?? placeholder();
    }
    return placeholder();
  };
}

/**
 * @param {CompiledSource} source
 * @returns {Source}
 */
function ready({ url, images = [], ask, body, at = [], imageHost, drop }) {
  return {
    url: new RegExp(url),
    images: images.map(split),
    ask: ask === undefined ? undefined : split(ask),
    body: body === undefined ? undefined : split(body),
    at,
    imageHost,
    drop: drop === undefined ? undefined : new RegExp(drop),
  };
}

/** @param {string} text @returns {Template} */
function split(text) {
  return text.split(/\{([A-Za-z_][A-Za-z0-9_]*)\}/);
}

/**
 * @param {Source} source
 * @param {Captured} captured
 * @param {Visit} visit
 */
async function image(source, captured, visit) {
  try {
    const found = source.ask === undefined ? [] : [await addressOf(source, captured, visit)];
    const known = source.images.map((parts) => filled(parts, (name) => captured[name] ?? ""));
    for (const address of [...known, ...found]) {
      const answer = address === null ? null : await askOthers(visit, address, {});
      if (answer?.ok && answer.headers.get("content-type")?.startsWith("image/")) {
        return shown(modest(presentable(visit, answer)));
      }
      if (answer !== null) discard(answer);
    }
  } catch {
    // Whatever others do: there is a placeholder.
  }
  return null;
}

/**
 * The address of the image in the document that knows it.
 * @param {Source} source
 * @param {Captured} captured
 * @param {Visit} visit
 * @returns {Promise<string | null>}
 */
async function addressOf({ ask = [], body, at, imageHost, drop }, captured, visit) {
  const target = filled(ask, (name) => captured[name] ?? "");
  /** @type {Parameters<typeof askOthers>[2]} */
  const sent = {};
  if (body !== undefined) {
    sent.body = filled(body, (name) => JSON.stringify(captured[name] ?? "").slice(1, -1));
    sent.headers = { "content-type": "application/json" };
  }
  const reader = { ...visit, request: new Request(target) };
  const answer = await askOthers(reader, target, sent);
  if (!answer.ok) {
    discard(answer);
    return null;
  }
  /** @type {unknown} */
  let found = await within(answer.json(), visit.limits.proxy);
  for (const key of at) {
    if (typeof found !== "object" || found === null) return null;
    found = /** @type {Record<string, unknown>} */ (found)[key];
  }
  if (typeof found !== "string") return null;
  const url = new URL(drop === undefined ? found : found.replace(drop, ""));
  const isRight = url.protocol === "https:" && url.host === imageHost && url.username === "";
  return isRight ? url.href : null;
}

/**
 * An image may be a document with scripts, which have no business here.
 * @param {Response} answer
 */
function shown(answer) {
  answer.headers.set("content-security-policy", NO_SCRIPTS);
  answer.headers.set("x-content-type-options", "nosniff");
  return answer;
}

function placeholder() {
  return new Response(PLACEHOLDER, { headers: { "content-type": "image/png" } });
}
