// Third-party servers. They learn nothing about the visitor, and leave nothing in the browser.

/** @import { Action, Env, Rule, Visit } from "./types" */
import { discard } from "./answers.mjs";
import { log } from "./log.mjs";
import { filledForVisit, fixedHost, template } from "./templates.mjs";
import { askFollowing, presentable, Unreachable } from "./upstream.mjs";

const AGENT = "serlo.org";
/** What a visitor has already or wants a part of, which says nothing about him. */
const KEPT_HEADERS = ["if-modified-since", "if-none-match", "if-range", "range"];
/** What only the owner of a host may say to browsers. */
const OWNERS_HEADERS = ["set-cookie", "strict-transport-security", "clear-site-data"];

/**
 * @param {Extract<Action, { do: "proxy" }>} action
 * @param {Env} env
 * @returns {Rule["answer"]}
 */
export function preparedProxy({ to, cache = 0, declines = false }, env) {
  const parts = template(to, env);
  const host = fixedHost(to, env);
  if (host === undefined) throw new Error(`it fetches ${to}, whose host is not fixed`);
  return async (visit, captured) => {
    const target = filledForVisit(parts, visit, captured);
    try {
      const headers = wishes(visit.request.headers);
      const answer = await askOthers(visit, target, { headers }, cache);
      if (answer.ok || answer.status === 304 || !declines) return modest(presentable(visit, answer));
      discard(answer);
      log("warning", "somebody else's server fails", visit, { host, status: answer.status });
    } catch (error) {
      if (!declines || !(error instanceof Unreachable)) throw error;
      log("warning", error.message, visit, { host });
    }
    return null;
  };
}

/**
 * Ask somebody else for a document, with no headers but those named. Throws Unreachable.
 * @param {Visit} visit
 * @param {string} target
 * @param {{ body?: string, headers?: Record<string, string> }} more what is sent, if anything is
 * @param {number} [cache] seconds to keep the answer at the edge
 */
export function askOthers({ request, limits }, target, { body, headers = {} }, cache = 0) {
  const method = body !== undefined ? "POST" : request.method === "HEAD" ? "HEAD" : "GET";
  /** @type {RequestInit} */
  const init = { method, headers: { "user-agent": AGENT, ...headers }, redirect: "manual" };
  if (body !== undefined) init.body = body;
  if (cache > 0) init.cf = { cacheTtl: cache, cacheEverything: true };
  return askFollowing(target, init, limits.proxy);
}

/** @param {Headers} given */
function wishes(given) {
  /** @type {Record<string, string>} */
  const kept = {};
  for (const name of KEPT_HEADERS) {
    const value = given.get(name);
    if (value !== null) kept[name] = value;
  }
  return kept;
}

/** @param {Response} answer */
export function modest(answer) {
  for (const name of OWNERS_HEADERS) answer.headers.delete(name);
  return answer;
}
