// The worker in front of every host of the zone. The routing table, which is built in, says what it
// does with a request (infra/routing/model.py has the words of the table).

/** @import { Env, Visit } from "./types" */
import { branded, withoutBody } from "./answers.mjs";
import { log } from "./log.mjs";
import { fits } from "./matching.mjs";
import { tableOf } from "./table.mjs";
import { fromOrigin, Unreachable } from "./upstream.mjs";

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
    const about = { rule: "", requestId };
    /** @type {Response} */
    let answer;
    try {
      answer = await answered(request, env, ctx, about);
    } catch (error) {
      answer = failed(error, request, about);
    }
    // A socket that has been opened is the runtime's own business.
    if (answer.status === 101) return answer;
    answer.headers.set("x-request-id", requestId);
    if (about.rule !== "") answer.headers.set("x-serlo-rule", about.rule);
    return request.method === "HEAD" ? withoutBody(answer) : answer;
  },
};

/**
 * @param {Request} request
 * @param {Env} env
 * @param {ExecutionContext} ctx
 * @param {{ rule: string, requestId: string }} about gets the name of the rule that answers
 * @returns {Promise<Response>}
 */
async function answered(request, env, ctx, about) {
  const table = tableOf(env);
  if (!URL.canParse(request.url)) return branded(400, request, about.requestId);
  const url = new URL(request.url);
  const label = labelOf(url.hostname, env.DOMAIN);
  if (label === null) return branded(421, request, about.requestId);
  const { limits, contentParameters } = table;
  /** @type {Visit} */
  const visit = Object.assign(about, { request, env, ctx, limits, contentParameters, url, label });
  for (const rule of table.candidates(label, url.pathname)) {
    const captured = fits(rule, visit);
    if (captured === null) continue;
    visit.rule = rule.name;
    const answer = await rule.answer(visit, captured);
    if (answer !== null) return answer;
  }
  visit.rule = "";
  return fromOrigin(visit);
}

/**
 * The host without the domain: empty for the domain itself, null outside of it.
 * @param {string} hostname
 * @param {string} domain
 */
function labelOf(hostname, domain) {
  const host = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  if (host === domain) return "";
  return host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : null;
}

/**
 * Whatever went wrong, the visitor gets a page that says so, and no more than that.
 * @param {unknown} error
 * @param {Request} request
 * @param {{ rule: string, requestId: string }} about
 * @returns {Response}
 */
function failed(error, request, about) {
  if (error instanceof Unreachable) {
    log("error", error.message, about, { host: error.host });
    return branded(502, request, about.requestId);
  }
  const problem = error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
  log("error", "the worker failed", about, { problem });
  return branded(500, request, about.requestId);
}
