// The frontend: which of its URLs answers, and who follows its redirects.

/** @import { FrontendAction, Visit } from "./types" */
import { LANGUAGES } from "./alias.mjs";
import { log } from "./log.mjs";
import { hasParameter } from "./matching.mjs";
import { ask, askFollowing, headersFor, presentable, REDIRECTS } from "./upstream.mjs";

/**
 * @param {Visit} visit
 * @param {FrontendAction} action
 */
export async function fromFrontend(visit, action) {
  const { request, env, url, limits } = visit;
  const follow = action.redirect !== "manual";
  const path = pathThere(visit, action);
  const target = `https://${env.FRONTEND_DOMAIN}${path}${url.search}`;
  const headers = headersFor(visit, env.FRONTEND_DOMAIN.split(":", 1)[0] ?? "");
  headers.set("host", env.FRONTEND_DOMAIN);
  // Nothing but the request itself has its body.
  const first = request.body === null ? target : new Request(target, request);
  const { method } = request;
  const isRead = method === "GET" || method === "HEAD";
  /** @type {RequestInit} */
  const init = { headers, redirect: "manual" };
  if (first === target) init.method = method;
  const answer = await (follow && isRead
    ? askFollowing(target, init, limits.frontend, first)
    : ask(first, init, limits.frontend));
  if (follow && isRead && answer.status === 302) {
    log("warning", "a redirect of the frontend is left to the visitor", visit);
  }
  const location = REDIRECTS.has(answer.status) ? answer.headers.get("location") : null;
  const given = presentable(visit, answer);
  if (location !== null && URL.canParse(location, answer.url)) {
    const goal = new URL(location, answer.url);
    if (goal.host === env.FRONTEND_DOMAIN) given.headers.set("location", fromThere(visit, goal));
  }
  return given;
}

/**
 * The address under which visitors have a page of the frontend's.
 * @param {Visit} visit
 * @param {URL} goal
 */
function fromThere({ env, url, contentParameters }, goal) {
  const parts = goal.pathname.split("/").slice(1);
  const host = LANGUAGES.has(parts[0] ?? "")
    ? `${parts.shift()}.${env.DOMAIN}`
    : url.hostname;
  if (parts[0] === "content-only" && hasParameter(goal.search, contentParameters)) parts.shift();
  return `https://${host}/${parts.join("/")}${goal.search}${goal.hash}`;
}

/**
 * @param {Visit} visit
 * @param {FrontendAction} action
 */
function pathThere({ label, url, contentParameters }, { prefix = false, page = true }) {
  const path = url.pathname.endsWith("/") ? url.pathname.slice(0, -1) : url.pathname;
  const language = prefix && label !== "" ? `/${label}` : "";
  const content = page && hasParameter(url.search, contentParameters) ? "/content-only" : "";
  return `${language}${content}${path}`;
}
