// The worker in front of every host of the zone. What it does with a request is said by the routing
// table, which it is given in its bindings (infra/edge/routing.py has the words of the table).

/** @import { Env, Visit } from "./types" */
import { branded, withoutBody } from "./answers.mjs";
import { log } from "./log.mjs";
import { fits } from "./matching.mjs";
import { TableError, tableOf } from "./table.mjs";
import { Unreachable } from "./upstream.mjs";

const GIVEN_ID = /^[A-Za-z0-9_-]{8,128}$/;

export default {
  /**
   * @param {Request} request
   * @param {Env} env
   * @param {ExecutionContext} ctx
   * @returns {Promise<Response>}
   */
  async fetch(request, env, ctx) {
    const given = request.headers.get("x-request-id");
    const requestId = given !== null && GIVEN_ID.test(given) ? given : crypto.randomUUID();
    /** @type {Visit | null} */
    let visit = null;
    /** @type {Response} */
    let answer;
    try {
      visit = begun(request, env, ctx, requestId);
      answer = visit === null ? branded(400, request, requestId) : await answered(visit);
    } catch (error) {
      answer = failed(error, request, requestId, visit);
    }
    // A socket that has been opened is the runtime's own business.
    if (answer.status === 101) return answer;
    answer.headers.set("x-request-id", requestId);
    if (visit !== null && visit.rule !== "") answer.headers.set("x-serlo-rule", visit.rule);
    return request.method === "HEAD" ? withoutBody(answer) : answer;
  },
};

/**
 * @param {Request} request
 * @param {Env} env
 * @param {ExecutionContext} ctx
 * @param {string} requestId
 * @returns {Visit | null} null: the URL is none
 */
function begun(request, env, ctx, requestId) {
  const { limits, contentParameters } = tableOf(env);
  let url;
  try {
    url = new URL(request.url);
  } catch {
    return null;
  }
  const base = { request, env, ctx, limits, contentParameters, url, requestId };
  return { ...base, label: "", rule: "" };
}

/**
 * @param {Visit} visit
 * @returns {Promise<Response>}
 */
async function answered(visit) {
  const { env, url, request, requestId } = visit;
  const host = url.hostname.endsWith(".") ? url.hostname.slice(0, -1) : url.hostname;
  if (host.endsWith(`.${env.DOMAIN}`)) {
    visit.label = host.slice(0, -env.DOMAIN.length - 1);
  } else if (host !== env.DOMAIN) {
    return branded(421, request, requestId);
  }
  const table = tableOf(env);
  for (const rule of table.candidates(visit.label, url.pathname)) {
    const captured = fits(rule, visit);
    if (captured === null) continue;
    visit.rule = rule.name;
    const answer = await rule.answer(visit, captured);
    if (answer !== null) return answer;
    visit.rule = "";
  }
  const answer = await table.otherwise(visit, {});
  return answer ?? branded(502, request, requestId);
}

/**
 * Whatever went wrong, the visitor gets a page that says so, and no more than that.
 * @param {unknown} error
 * @param {Request} request
 * @param {string} requestId
 * @param {Visit | null} visit
 * @returns {Response}
 */
function failed(error, request, requestId, visit) {
  const about = { requestId, rule: visit?.rule ?? "" };
  if (error instanceof TableError) {
    log("error", error.message, about);
    return branded(503, request, requestId);
  }
  if (error instanceof Unreachable) {
    log("error", error.message, about, { host: error.host });
    return branded(502, request, requestId);
  }
  const problem = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
  log("error", "the worker failed", about, { problem });
  return branded(500, request, requestId);
}
