// Pictures for third-party videos and applets, so that visitors do not have to ask those servers.

/** @import { Captured, CompiledSource, Rule, Template, Visit } from "./types" */
import { discard } from "./answers.mjs";
import { log } from "./log.mjs";
import { askOthers, modest } from "./proxy.mjs";
import { filled } from "./templates.mjs";
import { presentable, Unreachable, within } from "./upstream.mjs";

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
 * @property {number} cache seconds
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
    const player = `${origin}${pathname}`;
    for (const source of sources) {
      const match = source.url.exec(player);
      if (match === null) continue;
      return (await image(source, match.groups ?? {}, player, visit)) ?? placeholder();
    }
    return placeholder();
  };
}

/**
 * @param {CompiledSource} source
 * @returns {Source}
 */
function ready({ url, images = [], ask, body, at = [], imageHost, drop, cache = 0 }) {
  return {
    url: new RegExp(url),
    images: images.map(split),
    ask: ask === undefined ? undefined : split(ask),
    body: body === undefined ? undefined : split(body),
    at,
    imageHost,
    drop: drop === undefined ? undefined : new RegExp(drop),
    cache,
  };
}

/** @param {string} text @returns {Template} */
function split(text) {
  return text.split(/\{([A-Za-z_][A-Za-z0-9_]*)\}/);
}

/** What is wrong with what a provider says, and who it is. */
class Useless extends Error {
  /**
   * @param {string} message
   * @param {string} host
   * @param {number} status
   */
  constructor(message, host, status) {
    super(message);
    this.host = host;
    this.status = status;
  }
}

/**
 * @param {Source} source
 * @param {Captured} captured
 * @param {string} player the address without its query
 * @param {Visit} visit
 */
async function image(source, captured, player, visit) {
  const { ask, images, cache } = source;
  /** @type {unknown} */
  let problem;
  try {
    const known = images.map((parts) => filled(parts, (name) => captured[name] ?? ""));
    const found = ask === undefined ? [] : [await addressOf(ask, source, captured, visit)];
    for (const address of [...known, ...found]) {
      const answer = await askOthers(visit, address, {}, ask === undefined ? cache : 0);
      if (answer.ok && answer.headers.get("content-type")?.startsWith("image/")) {
        return shown(modest(presentable(visit, answer)));
      }
      discard(answer);
      problem = new Useless("there is no image", new URL(address).host, answer.status);
    }
  } catch (error) {
    problem = error;
  }
  report(problem, player, visit);
  return null;
}

/**
 * Whatever a provider does: there is a placeholder, and a line in the log.
 * @param {unknown} problem
 * @param {string} player
 * @param {Visit} visit
 */
function report(problem, player, visit) {
  if (!(problem instanceof Useless || problem instanceof Unreachable)) throw problem;
  const { message, host: provider } = problem;
  const status = problem instanceof Useless ? problem.status : undefined;
  const about = { provider, address: player, status, problem: message };
  log("warning", "a thumbnail cannot be had", visit, about);
}

/**
 * The address of the image in the document that knows it. Throws Useless or Unreachable.
 * @param {Template} ask
 * @param {Source} source
 * @param {Captured} captured
 * @param {Visit} visit
 * @returns {Promise<string>}
 */
async function addressOf(ask, { body, at, imageHost, drop, cache }, captured, visit) {
  const target = filled(ask, (name) => captured[name] ?? "");
  /** @type {Parameters<typeof askOthers>[2]} */
  const sent = {};
  if (body !== undefined) {
    sent.body = filled(body, (name) => JSON.stringify(captured[name] ?? "").slice(1, -1));
    sent.headers = { "content-type": "application/json" };
  }
  const reader = { ...visit, request: new Request(target) };
  const answer = await askOthers(reader, target, sent, cache);
  const { status } = answer;
  const provider = new URL(target).host;
  if (!answer.ok) {
    discard(answer);
    throw new Useless("it does not answer the question", provider, status);
  }
  /** @type {unknown} */
  let found;
  try {
    found = JSON.parse(await within(answer.text(), visit.limits.proxy));
  } catch (error) {
    if (error instanceof Unreachable) error.host = provider;
    throw error instanceof SyntaxError ? new Useless("malformed JSON", provider, status) : error;
  }
  for (const key of at) {
    found = /** @type {Record<string, unknown> | null | undefined} */ (found)?.[key];
  }
  if (typeof found !== "string") throw new Useless("unknown JSON", provider, status);
  const address = drop === undefined ? found : found.replace(drop, "");
  const url = URL.canParse(address) ? new URL(address) : null;
  const isRight = url?.protocol === "https:" && url.host === imageHost && url.username === "";
  if (!isRight) throw new Useless("a bad address of the image", provider, status);
  return url.href;
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
