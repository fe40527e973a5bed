// The frontend for some visitors, legacy for the others; everybody stays where he is.

/** @import { Rule, SplitAction, Visit } from "./types" */
import { branded, splitCookie } from "./answers.mjs";
import { lookUp } from "./alias.mjs";
import { fromFrontend } from "./frontend.mjs";
import { log } from "./log.mjs";
import { cookie } from "./matching.mjs";
import { fromOrigin, Unreachable } from "./upstream.mjs";

const NUMBER = /^[0-9]+(\.[0-9]+)?(e-[0-9]+)?$/;

/**
 * @param {SplitAction} action
 * @returns {Rule["answer"]}
 */
export function preparedSplit(action) {
  return async (visit) => {
    if (action.byType && action.types !== undefined && !(await hasType(visit, action.types))) {
      return fromOrigin(visit);
    }
    const cookies = visit.request.headers.get("cookie");
    const known = cookie(cookies, "useFrontend");
    if (known === "always") return fromFrontend(visit, { prefix: true });
    const isNumber = known !== null && NUMBER.test(known);
    const number = isNumber ? Number(known) : Math.random();
    const isForFrontend = number <= probability(action, visit, cookies);
    const answering = isForFrontend ? fromFrontend(visit, { prefix: true }) : fromOrigin(visit);
    if (isNumber) return answering;
    const answer = await answering.catch((error) => unreachable(error, visit));
    if (answer.status !== 101) {
      answer.headers.append("set-cookie", splitCookie(String(number), visit.env.DOMAIN));
    }
    return answer;
  };
}

/**
 * @param {Visit} visit
 * @param {string[]} types
 */
async function hasType(visit, types) {
  const typename = (await lookUp(visit, true))?.typename;
  return typename !== undefined && types.includes(typename);
}

/**
 * @param {SplitAction} action
 * @param {Visit} visit
 * @param {string | null} cookies
 */
function probability({ mobile = 0, authenticated = 0, desktop = 0 }, { request }, cookies) {
  if (request.headers.get("user-agent")?.includes("Mobi")) return mobile;
  return cookie(cookies, "authenticated") === "1" ? authenticated : desktop;
}

/**
 * A new visitor keeps the number even if no server answers now.
 * @param {unknown} error
 * @param {Visit} visit
 */
function unreachable(error, visit) {
  if (!(error instanceof Unreachable)) throw error;
  log("error", error.message, visit, { host: error.host });
  return branded(502, visit.request, visit.requestId);
}
