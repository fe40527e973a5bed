// Requests that the API trusts: signed with the secret it shares with us.

/** @import { Env } from "./types" */
import { Unreachable } from "./upstream.mjs";

const ISSUER = "serlo.org-cloudflare-worker";
const AUDIENCE = "api.serlo.org";
const LIFETIME = 2 * 60 * 60;
/** How long a token is used again, in milliseconds: it stays valid for much longer. */
const REUSE = 5 * 60 * 1000;
const REFUSED = "Invalid service token";
// One in eight million requests fails in the worst case; Cloudflare allows 50 subrequests.
const MOST_TRIES = 24;

/** @type {Map<string, { token: string, until: number }>} */
const tokens = new Map();

/**
 * While the secret is being replaced some of the API's pods know one value and some the other, and
 * who gets a request is chance. One whose signature is refused, which is before anything of it is
 * carried out, is sent again under either value by chance: whatever the mixture, every second try
 * succeeds.
 * @param {Env} env
 * @param {(authorization: string) => Promise<Response>} send may be called again while there are
 *   two secrets
 * @returns {Promise<Response>}
 */
export async function signed(env, send) {
  const { API_SECRET: first, API_SECRET_SECOND: second } = env;
  if (!first) throw new Unreachable("the binding API_SECRET is missing");
  let answer = await send(await authorization(first));
  if (!second) return answer;
  for (let tries = 1; tries < MOST_TRIES && (await isRefused(answer)); tries += 1) {
    answer = await send(await authorization(Math.random() < 0.5 ? first : second));
  }
  return answer;
}

/**
 * @param {Response} answer
 * @returns {Promise<boolean>}
 */
async function isRefused(answer) {
  if (answer.status < 400) return false;
  try {
    const { data, errors } = JSON.parse(await answer.clone().text());
    return (
      data == null &&
      errors.some((/** @type {{ message: string }} */ { message }) => message.includes(REFUSED))
    );
  } catch {
    return false;
  }
}

/**
 * @param {string} secret
 * @returns {Promise<string>}
 */
async function authorization(secret) {
  const now = Date.now();
  let known = tokens.get(secret);
  if (known === undefined || known.until <= now) {
    known = { token: await token(secret, Math.floor(now / 1000) + LIFETIME), until: now + REUSE };
    tokens.set(secret, known);
  }
  return `Serlo Service=${known.token}`;
}

/**
 * A JSON Web Token.
 * @param {string} secret
 * @param {number} expires seconds since 1970
 */
async function token(secret, expires) {
  const claims = { aud: AUDIENCE, iss: ISSUER, exp: expires };
  const content = `${encoded(json({ alg: "HS256" }))}.${encoded(json(claims))}`;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, bytes(content));
  return `${content}.${encoded(new Uint8Array(signature))}`;
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
