// Servers of others. They learn nothing about the visitor, and set nothing at him.

/** @import { Action, Env, Rule, Visit } from "./types" */
import { discard } from "./answers.mjs";
import { log } from "./log.mjs";
import { filledForVisit, fixedHost, template } from "./templates.mjs";
import { askFollowing, presentable, Unreachable } from "./upstream.mjs";

const AGENT = "serlo.org";
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
      const answer = await askOthers(visit, target, {}, cache);
      if (answer.ok || !declines) return modest(presentable(visit, answer));
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
 * Ask somebody else for a document, with nothing of the visitor's. Throws Unreachable.
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

/** @param {Response} answer */
export function modest(answer) {
  for (const name of OWNERS_HEADERS) answer.headers.delete(name);
  return answer;
}
