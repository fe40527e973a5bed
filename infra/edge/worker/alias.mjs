// Where a path really leads, as the API knows it. Everything is looked up once in a while only.

/** @import { PathInfo, Rule, Visit } from "./types" */
import { discard, redirection } from "./answers.mjs";
import { pathInfo, QUERY } from "./content.mjs";
import { log } from "./log.mjs";
import { signed } from "./signing.mjs";
import { addOurs, ask, Unreachable, within } from "./upstream.mjs";

/** Labels of the hosts that have content. */
export const LANGUAGES = new Set(["de", "en", "es", "fr", "hi", "ta"]);
const SKIPPED = new Set(["/user/me", "/user/public"]);
const KEPT = 60 * 60;
/** Seconds that a failure is kept, the least that the store allows. */
const KEPT_FAILURE = 60;
const LONGEST_KEY = 512;
const PATH = /^\/(?![/\\])/;
const HASH = /^#[A-Za-z0-9_-]+$/;

/** @returns {Rule["answer"]} */
export function preparedAlias() {
  return async (visit) => {
    const { url, env, label } = visit;
    if (SKIPPED.has(url.pathname)) return null;
    const info = await lookUp(visit, false);
    if (info === null) return null;
    const target = new URL(`https://${info.instance ?? label}.${env.DOMAIN}`);
    target.pathname = info.currentPath;
    target.hash = info.hash ?? "";
    const isThere = target.pathname === url.pathname && target.hash === "";
    if (isThere && (info.instance ?? label) === label) return null;
    target.search = url.search;
    return redirection(target.href, 301);
  };
}

/**
 * What is known about the visit's path; null if that is nothing.
 * @param {Visit} visit
 * @param {boolean} withType whether to ask for the type of the content
 * @returns {Promise<PathInfo | null>}
 */
export async function lookUp(visit, withType) {
  if (!LANGUAGES.has(visit.label) || SKIPPED.has(visit.url.pathname)) return null;
  visit.known ??= lookedUp(visit, withType);
  const info = await visit.known;
  // An entry that the alias was taken from may be without a type.
  if (info === null || !withType || info.typename !== undefined) return info;
  visit.known = lookedUp(visit, true);
  return visit.known;
}

/**
 * @param {Visit} visit
 * @param {boolean} withType
 * @returns {Promise<PathInfo | null>}
 */
async function lookedUp(visit, withType) {
  const key = await keyOf(`/${visit.label}${visit.url.pathname}`);
  const kept = await read(visit, key);
  if (kept === "missing") return null;
  if (kept !== null && (!withType || kept.typename !== undefined)) return kept;
  const info = await askApi(visit);
  if (info !== undefined) write(visit, key, info);
  return info ?? null;
}

/**
 * @param {Visit} visit
 * @param {string} key
 * @returns {Promise<PathInfo | "missing" | null>}
 */
async function read(visit, key) {
  const { env, limits } = visit;
  if (env.PATH_INFO_KV === undefined) return null;
  try {
    const text = await within(env.PATH_INFO_KV.get(key), limits.lookup);
    return text === null ? null : kept(JSON.parse(text));
  } catch (error) {
    // An entry that is no JSON is as good as none.
    if (!(error instanceof SyntaxError)) log("warning", "the store cannot be read", visit);
    return null;
  }
}

/**
 * @param {Visit} visit
 * @param {string} key
 * @param {PathInfo | null} info
 */
function write(visit, key, info) {
  const { env, ctx } = visit;
  if (env.PATH_INFO_KV === undefined) return;
  const expirationTtl = info === null ? KEPT_FAILURE : KEPT;
  const text = JSON.stringify(info ?? { missing: true });
  const writing = env.PATH_INFO_KV.put(key, text, { expirationTtl });
  ctx.waitUntil(writing.catch(() => log("warning", "the store cannot be written", visit)));
}

/**
 * An entry of the store, or null if it has not the form that we write.
 * @param {unknown} entry
 * @returns {PathInfo | "missing" | null}
 */
function kept(entry) {
  if (typeof entry !== "object" || entry === null) return null;
  const { missing, currentPath, instance, hash, typename } =
    /** @type {Record<string, unknown>} */ (entry);
  if (missing === true) return "missing";
  if (typeof currentPath !== "string" || !PATH.test(currentPath)) return null;
  /** @type {PathInfo} */
  const info = { currentPath };
  if (instance !== undefined) {
    if (typeof instance !== "string" || !LANGUAGES.has(instance)) return null;
    info.instance = instance;
  }
  if (hash !== undefined) {
    if (typeof hash !== "string" || !HASH.test(hash)) return null;
    info.hash = hash;
  }
  if (typeof typename === "string") info.typename = typename;
  return info;
}

/**
 * @param {Visit} visit
 * @returns {Promise<PathInfo | null | undefined>} undefined: nothing that is worth keeping
 */
async function askApi(visit) {
  const { env, label, url, limits, requestId } = visit;
  const variables = { alias: { instance: label, path: url.pathname } };
  const body = JSON.stringify({ query: QUERY, variables });
  const { hostname: host } = new URL(env.API_ENDPOINT);
  try {
    const headers = new Headers({ "content-type": "application/json" });
    addOurs(headers, env, requestId, host);
    const asking = signed(env, (authorization) => {
      headers.set("authorization", authorization);
      const init = { method: "POST", headers, body, redirect: /** @type {const} */ ("manual") };
      return ask(env.API_ENDPOINT, init, limits.lookup);
    });
    const answer = await within(asking, limits.lookup);
    if (!answer.ok) {
      discard(answer);
      log("warning", "a path could not be looked up", visit, { host, status: answer.status });
      return null;
    }
    const info = pathInfo(await within(answer.json(), limits.lookup), url.pathname);
    if (info === undefined) {
      log("warning", "a course cannot be read", visit, { path: url.pathname });
      return undefined;
    }
    if (info?.instance !== undefined && !LANGUAGES.has(info.instance)) delete info.instance;
    return info !== null && PATH.test(info.currentPath) ? info : null;
  } catch (error) {
    // What is wrong with JSON would be said with a piece of it.
    const problem = error instanceof Unreachable ? error.message : "the answer is wrong";
    log("warning", "a path could not be looked up", visit, { host, problem });
    return null;
  }
}

/**
 * The store takes no longer keys.
 * @param {string} text
 */
async function keyOf(text) {
  if (text.length <= LONGEST_KEY) return text;
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
