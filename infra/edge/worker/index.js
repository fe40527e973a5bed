// The worker in front of every host of the zone. Language hosts are answered by the frontend, the
// API gets signed requests, all others are answered by what their DNS record leads to.

const LANGUAGES = new Set(["de", "en", "es", "fr", "hi", "ta"]);

// The gateway answers only requests that carry the secret (infra/manifests/admission.py).
const ORIGIN_HEADER = "x-serlo-edge";

const ISSUER = "serlo.org-cloudflare-worker";
const AUDIENCE = "api.serlo.org";
const LIFETIME = 2 * 60 * 60;
const REFUSED = "Invalid service token";
// One in eight million requests fails in the worst case; Cloudflare allows 50 subrequests.
const MOST_TRIES = 24;

/**
 * @typedef {object} Env
 * @property {string} DOMAIN
 * @property {string} FRONTEND_DOMAIN
 * @property {string} ORIGIN_SECRET
 * @property {string} API_SECRET
 * @property {string} [API_SECRET_SECOND] valid as well while API_SECRET is being replaced
 */

export default {
  /**
   * @param {Request} request
   * @param {Env} env
   * @returns {Promise<Response>}
   */
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.hostname === `api.${env.DOMAIN}` && url.pathname === "/graphql") {
      return fetchFromApi(request, env);
    }
    const label = url.hostname.slice(0, -(env.DOMAIN.length + 1));
    if (url.hostname === `${label}.${env.DOMAIN}` && LANGUAGES.has(label)) {
      url.hostname = env.FRONTEND_DOMAIN;
    }
    return fetchFromOrigin(new Request(url, request), env);
  },
};

/**
 * Every request to the gateway goes through here, and none to anybody else's host, who would learn
 * the secret.
 * @param {Request} request
 * @param {Env} env
 * @returns {Promise<Response>}
 */
function fetchFromOrigin(request, env) {
  const { hostname } = new URL(request.url);
  const headers = new Headers(request.headers);
  headers.delete(ORIGIN_HEADER);
  if (hostname === env.DOMAIN || hostname.endsWith(`.${env.DOMAIN}`)) {
    headers.set(ORIGIN_HEADER, env.ORIGIN_SECRET);
  }
  return fetch(new Request(request, { headers }));
}

/**
 * The API trusts requests that are signed with the secret it shares with us. While the secret is
 * being replaced some of its pods know one value and some the other, and who gets a request is
 * chance. One whose signature is refused, which is before anything of it is carried out, is sent
 * again under either value by chance: whatever the mixture, every second try succeeds.
 * @param {Request} request
 * @param {Env} env
 * @returns {Promise<Response>}
 */
async function fetchFromApi(request, env) {
  if (request.headers.get("authorization")?.startsWith("Serlo")) {
    return fetchFromOrigin(request, env);
  }
  const { API_SECRET: first, API_SECRET_SECOND: second } = env;
  if (!second) return fetchFromOrigin(await signed(request, first), env);
  const body = request.body === null ? undefined : await request.arrayBuffer();
  const whole = new Request(request, { body });
  let answer = await fetchFromOrigin(await signed(whole.clone(), first), env);
  for (let tries = 1; tries < MOST_TRIES && (await isRefused(answer)); tries += 1) {
    const secret = Math.random() < 0.5 ? first : second;
    answer = await fetchFromOrigin(await signed(whole.clone(), secret), env);
  }
  return answer;
}

/**
 * @param {Response} answer
 * @returns {Promise<boolean>}
 */
async function isRefused(answer) {
  if (answer.status < 400) return false;
  const text = await answer.clone().text();
  try {
    const { data, errors } = JSON.parse(text);
    return data == null && errors.some(({ message }) => message.includes(REFUSED));
  } catch {
    return false;
  }
}

/**
 * @param {Request} request
 * @param {string} secret
 * @returns {Promise<Request>}
 */
async function signed(request, secret) {
  const expires = Math.floor(Date.now() / 1000) + LIFETIME;
  const claims = { aud: AUDIENCE, iss: ISSUER, exp: expires };
  const content = `${encoded(json({ alg: "HS256" }))}.${encoded(json(claims))}`;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, bytes(content));
  const headers = new Headers(request.headers);
  const token = `${content}.${encoded(new Uint8Array(signature))}`;
  headers.set("authorization", `Serlo Service=${token}`);
  return new Request(request, { headers });
}

/** @param {string} text */
function bytes(text) {
  return new TextEncoder().encode(text);
}

/** @param {unknown} value */
function json(value) {
  return bytes(JSON.stringify(value));
}

/** Base64 for URLs. @param {Uint8Array} octets */
function encoded(octets) {
  const text = btoa(String.fromCharCode(...octets));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
