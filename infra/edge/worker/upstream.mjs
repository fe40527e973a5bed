// Requests to others: who gets which headers, how long we wait, what a failure is.

/** @import { Env, Visit } from "./types" */
import { branded, discard } from "./answers.mjs";
import { log } from "./log.mjs";

const ORIGIN_HEADER = "x-serlo-edge";
const RULE_HEADER = "x-serlo-rule";
const MOST_HOPS = 5;
const BODILESS = new Set([204, 205, 304]);
const JSON_TYPE = /^application\/(?:[a-z0-9.+-]+\+)?json\b/;
/** Statuses that send a browser elsewhere. */
export const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** An upstream did not answer in time, or not at all. */
export class Unreachable extends Error {
  /** Who it was, if that is known. */
  host = "";
}

/**
 * What the host's DNS record leads to answers the unchanged request.
 * @param {Visit} visit
 */
export async function fromOrigin(visit) {
  const { request, url, limits } = visit;
  const headers = headersFor(visit, url.hostname);
  const answer = await ask(request, { headers, redirect: "manual" }, limits.origin);
  return presentable(visit, answer);
}

/**
 * Throws Unreachable. The limit is for the headers: a body may take as long as it likes.
 * @param {Request | string} target
 * @param {RequestInit} init
 * @param {number} limit milliseconds
 * @returns {Promise<Response>}
 */
export async function ask(target, init, limit) {
  try {
    return await within(fetch(target, init), limit);
  } catch (error) {
    const known = error instanceof Unreachable;
    const problem = known ? error : new Unreachable("an upstream cannot be reached");
    problem.host ||= hostOf(typeof target === "string" ? target : target.url);
    throw problem;
  }
}

/**
 * Throws Unreachable when the time is over.
 * @template T
 * @param {Promise<T>} promise
 * @param {number} limit milliseconds
 * @returns {Promise<T>}
 */
export async function within(promise, limit) {
  /** @type {number | null} */
  let timer = null;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Unreachable("an upstream took too long")), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * As `ask`, but follows redirects as long as they stay on the host.
 * @param {string} target
 * @param {RequestInit} init
 * @param {number} limit milliseconds for each answer
 * @param {Request | string} [first] the request to send first, if not the URL
 * @returns {Promise<Response>}
 */
export async function askFollowing(target, init, limit, first = target) {
  let from = target;
  let answer = await ask(first, init, limit);
  for (let hops = 0; hops < MOST_HOPS; hops += 1) {
    const next = redirectWithin(answer, from);
    if (next === null) break;
    discard(answer);
    from = next;
    answer = await ask(from, init, limit);
  }
  return answer;
}

/**
 * @param {Response} answer
 * @param {string} from
 * @returns {string | null}
 */
function redirectWithin(answer, from) {
  const location = REDIRECTS.has(answer.status) ? answer.headers.get("location") : null;
  if (location === null) return null;
  try {
    const target = new URL(location, from);
    if (target.host !== new URL(from).host) return null;
    target.protocol = "https:";
    target.username = target.password = "";
    return target.href;
  } catch {
    return null;
  }
}

/** @param {string} url */
function hostOf(url) {
  return URL.canParse(url) ? new URL(url).host : "";
}

/**
 * The visitor's headers as our hosts get them. The origin's secret goes to our zone alone: it opens
 * the gateway.
 * @param {Visit} visit
 * @param {string} host
 */
export function headersFor({ request, env, requestId }, host) {
  const headers = new Headers(request.headers);
  headers.delete(RULE_HEADER);
  headers.delete(ORIGIN_HEADER);
  addOurs(headers, env, requestId, host);
  return headers;
}

/**
 * @param {Headers} headers
 * @param {Env} env
 * @param {string} requestId
 * @param {string} host
 */
export function addOurs(headers, env, requestId, host) {
  headers.set("x-request-id", requestId);
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  const isOurs = name === env.DOMAIN || name.endsWith(`.${env.DOMAIN}`);
  if (isOurs && env.ORIGIN_SECRET) headers.set(ORIGIN_HEADER, env.ORIGIN_SECRET);
}

/**
 * An upstream's answer as visitors get it, with headers that can be changed; a branded page instead
 * of what Cloudflare or a gateway says when no server is there, for those who ask for a page.
 * @param {Visit} visit
 * @param {Response} answer
 * @param {(status: number, retryAfter: string | null) => Response} [instead] for programs
 */
export function presentable(visit, answer, instead) {
  const { status } = answer;
  if (status === 101) return answer;
  if (status < 200 || status > 599) throw new Unreachable("an upstream answered with no status");
  if (isDown(answer, visit.request, instead !== undefined)) {
    log("error", "an upstream is down", visit, { host: hostOf(answer.url), status });
    const retryAfter = answer.headers.get("retry-after");
    discard(answer);
    return instead?.(503, retryAfter) ?? branded(503, visit.request, visit.requestId, retryAfter);
  }
  return new Response(BODILESS.has(status) ? null : answer.body, answer);
}

/**
 * @param {Response} answer
 * @param {Request} request
 * @param {boolean} isProgram whether a program asks, which wants no pages
 */
function isDown({ status, headers }, request, isProgram) {
  if (status >= 520 && status <= 530) return true;
  if (status < 502 || status > 504) return false;
  const type = headers.get("content-type")?.toLowerCase() ?? "";
  if (JSON_TYPE.test(type)) return false;
  if (isProgram) return true;
  const accept = request.headers.get("accept");
  return (accept === null || accept.includes("text/html")) && !type.startsWith("text/html");
}
