// What the worker says itself. No answer says more about a failure than that there is one, but for
// one of the worker's own bindings.

/** @import { Visit } from "./types" */
import { page } from "./page.mjs";

const RETRY_SECONDS = "30";
const RETRY_AFTER = /^[A-Za-z0-9 ,:]{1,40}$/;

/**
 * @param {string} content
 * @param {string} type
 * @param {number} status
 */
export function text(content, type, status) {
  return new Response(content, { status, headers: { "content-type": type } });
}

/**
 * @param {string} target an absolute URL
 * @param {number} status
 */
export function redirection(target, status) {
  const url = new URL(target);
  url.port = "";
  return new Response(null, { status, headers: { location: url.href } });
}

/**
 * @param {number} status
 * @param {Request} request
 * @param {string} requestId
 * @param {string | null} [retryAfter] what the upstream said
 */
export function branded(status, request, requestId, retryAfter = null) {
  const languages = request.headers.get("accept-language");
  const answer = html(page(status, languages, requestId), status);
  setRetryAfter(answer, retryAfter);
  return answer;
}

/**
 * A failure in the words of GraphQL.
 * @param {number} status
 * @param {string | null} [retryAfter] what the upstream said
 */
export function brandedJson(status, retryAfter = null) {
  const message = "The API is not available at the moment. Please try again later.";
  const answer = text(JSON.stringify({ errors: [{ message }] }), "application/json", status);
  answer.headers.set("cache-control", "no-store");
  setRetryAfter(answer, retryAfter);
  return answer;
}

/** The page for a failure, to be looked at. @param {Visit} visit */
export function maintenance({ request, requestId }) {
  return html(page(503, request.headers.get("accept-language"), requestId), 200);
}

/**
 * @param {string} useFrontend
 * @param {string} content
 * @param {string} domain
 */
export function choice(useFrontend, content, domain) {
  const answer = text(content, "text/plain;charset=UTF-8", 200);
  answer.headers.append("set-cookie", splitCookie(useFrontend, domain));
  answer.headers.set("refresh", "1; url=/");
  return answer;
}

/**
 * @param {string} value
 * @param {string} domain
 */
export function splitCookie(value, domain) {
  return `useFrontend=${value}; path=/; domain=.${domain}; secure; samesite=lax`;
}

/** @param {Response} answer */
export function withoutBody(answer) {
  if (answer.body === null) return answer;
  discard(answer);
  return new Response(null, answer);
}

/** Let go of an unread body. @param {Response} answer */
export function discard(answer) {
  answer.body?.cancel().catch(() => undefined);
}

/**
 * @param {string} content
 * @param {number} status
 */
function html(content, status) {
  const answer = text(content, "text/html;charset=UTF-8", status);
  answer.headers.set("cache-control", "no-store");
  return answer;
}

/**
 * @param {Response} answer
 * @param {string | null} upstream
 */
function setRetryAfter(answer, upstream) {
  if (answer.status < 500) return;
  const usable = upstream !== null && RETRY_AFTER.test(upstream);
  answer.headers.set("retry-after", usable ? upstream : RETRY_SECONDS);
}
