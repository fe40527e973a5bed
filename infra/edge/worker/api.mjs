// The API: signed requests, and which pages of other hosts may read its answers (CORS).

/** @import { CompiledOrigin, Env, Visit } from "./types" */
import { brandedJson } from "./answers.mjs";
import { log } from "./log.mjs";
import { signed } from "./signing.mjs";
import { withVariables } from "./templates.mjs";
import { ask, headersFor, presentable, Unreachable } from "./upstream.mjs";

const ORIGIN = /^https?:\/\/([a-z0-9.-]+)(?::([0-9]{1,5}))?$/;

/** @typedef {(host: string, port: string | undefined) => boolean} Allows */

/**
 * @param {CompiledOrigin[]} origins
 * @param {Env} env
 * @returns {Allows[]}
 */
export function preparedOrigins(origins, env) {
  return origins
    .filter(({ notIn = [] }) => !notIn.includes(env.ENVIRONMENT))
    .map(({ host, subdomains = false, ports = [] }) => {
      const full = withVariables(host, env);
      const literal = full.replace("*", "").replaceAll(".", "\\.");
      const start = (subdomains ? "(?:.+\\.)?" : "") + (full.startsWith("*") ? "[a-z0-9-]+" : "");
      const pattern = new RegExp(`^${start}${literal}$`);
      const allowed = ports.map(String);
      return (found, port) =>
        pattern.test(found) &&
        (allowed.length === 0 || (port !== undefined && allowed.includes(port)));
    });
}

/**
 * @param {Visit} visit
 * @param {Allows[]} origins
 */
export async function fromApi(visit, origins) {
  const answer = await answered(visit);
  if (answer.status === 101) return answer;
  const { headers } = answer;
  headers.set("access-control-allow-origin", allowedOrigin(visit, origins));
  headers.set("access-control-allow-headers", "Content-Type, x-serlo-editor-testing");
  const vary = headers.get("vary");
  const known = vary?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  if (!known.includes("origin") && !known.includes("*")) {
    headers.set("vary", vary ? `${vary}, Origin` : "Origin");
  }
  return answer;
}

/**
 * @param {Visit} visit
 * @param {Allows[]} origins
 */
function allowedOrigin({ request, env }, origins) {
  const origin = request.headers.get("origin") ?? "";
  const match = ORIGIN.exec(origin);
  const host = match?.[1];
  const isAllowed = host !== undefined && origins.some((allows) => allows(host, match?.[2]));
  return isAllowed ? origin : `https://${env.DOMAIN}`;
}

/** @param {Visit} visit */
async function answered(visit) {
  try {
    return presentable(visit, await sent(visit), brandedJson);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    log("error", error.message, visit, { host: error.host });
    return brandedJson(502);
  }
}

/** @param {Visit} visit */
async function sent(visit) {
  const { request, env, url, limits } = visit;
  const headers = headersFor(visit, url.hostname);
  if (request.headers.get("authorization")?.startsWith("Serlo")) {
    return ask(request, { headers, redirect: "manual" }, limits.api);
  }
  // A body can be sent once, unless we have all of it.
  const again = Boolean(env.API_SECRET_SECOND) && request.body !== null;
  const body = again ? await request.arrayBuffer() : undefined;
  return signed(env, (authorization) => {
    headers.set("authorization", authorization);
    /** @type {RequestInit} */
    const init = { headers, redirect: "manual" };
    if (body === undefined) return ask(request, init, limits.api);
    return ask(request.url, { ...init, method: request.method, body }, limits.api);
  });
}
