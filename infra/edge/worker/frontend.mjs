// The frontend: which of its URLs answers, and who follows its redirects.

/** @import { Visit } from "./types" */
import { log } from "./log.mjs";
import { hasParameter } from "./matching.mjs";
import { ask, askFollowing, headersFor, presentable } from "./upstream.mjs";

/**
 * @param {Visit} visit
 * @param {boolean} prefix put the language before the path
 * @param {boolean} follow follow redirects of the frontend to itself
 */
export async function fromFrontend(visit, prefix, follow) {
  const { request, env, url, limits } = visit;
  const target = `https://${env.FRONTEND_DOMAIN}${prefix ? prefixed(visit) : url.pathname}${url.search}`;
  const headers = headersFor(visit, env.FRONTEND_DOMAIN.split(":", 1)[0] ?? "");
  const limit = limits.frontend;
  if (request.method !== "GET" && request.method !== "HEAD") {
    const whole = new Request(target, request);
    return presentable(visit, await ask(whole, { headers, redirect: "manual" }, limit));
  }
  /** @type {RequestInit} */
  const init = { method: request.method, headers, redirect: "manual" };
  const answer = await (follow ? askFollowing : ask)(target, init, limit);
  if (follow && answer.status === 302) {
    log("warning", "the frontend redirects to somebody else", visit);
  }
  return presentable(visit, answer);
}

/** @param {Visit} visit */
function prefixed({ label, url, contentParameters }) {
  const path = url.pathname.endsWith("/") ? url.pathname.slice(0, -1) : url.pathname;
  const language = label === "" ? "" : `/${label}`;
  const content = hasParameter(url.search, contentParameters) ? "/content-only" : "";
  return `${language}${content}${path}`;
}
