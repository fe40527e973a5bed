// The frontend: which of its URLs answers, and who follows its redirects.

/** @import { Visit } from "./types" */
import { log } from "./log.mjs";
import { hasParameter } from "./matching.mjs";
import { ask, askFollowing, headersFor, presentable } from "./upstream.mjs";

/**
 * @param {Visit} visit
 * @param {boolean} prefix put the language before the path
 * @param {boolean} page what the content API's parameters change
 * @param {boolean} follow follow redirects of the frontend to itself
 */
export async function fromFrontend(visit, prefix, page, follow) {
  const { request, env, url, limits } = visit;
  const path = pathThere(visit, prefix, page);
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
  return presentable(visit, answer);
}

/**
 * @param {Visit} visit
 * @param {boolean} prefix
 * @param {boolean} page
 */
function pathThere({ label, url, contentParameters }, prefix, page) {
  const path = url.pathname.endsWith("/") ? url.pathname.slice(0, -1) : url.pathname;
  const language = prefix && label !== "" ? `/${label}` : "";
  const content = page && hasParameter(url.search, contentParameters) ? "/content-only" : "";
  return `${language}${content}${path}`;
}
