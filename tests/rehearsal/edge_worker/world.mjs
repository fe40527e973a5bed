// Everybody whom the worker under test talks to: the frontend, the API, the origin, third parties
// and the KV store. It answers with an echo of the request unless it was told otherwise, and keeps
// what it was asked. All of it is in memory; `control` is the tests' way in.

/** @type {Array<object>} */
let calls = [];
/** @type {Set<string>} */
let hosts = new Set();
/** @type {Array<any>} */
let answers = [];
/** @type {Map<string, {value: string, ttl: number | null}>} */
let entries = new Map();
let recording = true;
let storeFails = false;

const BODILESS = new Set([204, 205, 304]);
const LONG = 10 * 60 * 1000;

function base64(buffer) {
  let text = "";
  for (const octet of new Uint8Array(buffer)) text += String.fromCharCode(octet);
  return btoa(text);
}

function octets(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function matching(url, body) {
  return answers.find(
    (one) => one.times !== 0 && url.startsWith(one.prefix) && body.includes(one.containing),
  );
}

/** What the worker's fetch reaches. */
export default {
  async fetch(request) {
    const { url, method } = request;
    hosts.add(new URL(url).origin);
    const buffer = await request.arrayBuffer();
    const body = new TextDecoder().decode(buffer);
    const headers = [...request.headers];
    if (recording) {
      calls.push({ url, method, headers, body: base64(buffer), cf: request.cf ?? {} });
    }
    const told = matching(url, body);
    if (told === undefined) {
      return Response.json({ url, method, headers: Object.fromEntries(headers), body });
    }
    if (told.times !== null) told.times -= 1;
    if (told.hang) await scheduler.wait(LONG);
    if (told.fail) throw new Error("connection refused");
    const content = BODILESS.has(told.status) ? null : octets(told.body);
    return new Response(content, { status: told.status, headers: told.headers });
  },
};

/** The protocol of workerd's KV bindings. */
export const store = {
  async fetch(request) {
    if (storeFails) return new Response("the store is down", { status: 500 });
    const url = new URL(request.url);
    const path = url.pathname.slice(1);
    const key = url.searchParams.has("urlencoded") ? decodeURIComponent(path) : path;
    if (key.length > 512) return new Response("key too long", { status: 414 });
    if (request.method === "PUT") {
      const ttl = url.searchParams.get("expiration_ttl");
      if (ttl !== null && Number(ttl) < 60) return new Response("TTL too short", { status: 400 });
      entries.set(key, { value: await request.text(), ttl: ttl === null ? null : Number(ttl) });
      return new Response();
    }
    if (request.method === "DELETE") {
      entries.delete(key);
      return new Response();
    }
    const entry = entries.get(key);
    return entry === undefined
      ? new Response("Not Found", { status: 404 })
      : new Response(entry.value);
  },
};

/** The Cache API finds nothing. */
export const cache = {
  async fetch(request) {
    const status = { GET: 504, PURGE: 404 }[request.method] ?? 204;
    return new Response(null, { status });
  },
};

/** One JSON document in, one out. */
export const control = {
  async fetch(request) {
    const { command, ...given } = await request.json();
    switch (command) {
      case "reset":
        [calls, hosts, answers, entries] = [[], new Set(), [], new Map()];
        [recording, storeFails] = [true, false];
        return Response.json(null);
      case "answer":
        answers.unshift(given);
        return Response.json(null);
      case "calls":
        return Response.json(calls);
      case "hosts":
        return Response.json([...hosts]);
      case "record":
        recording = given.on;
        return Response.json(null);
      case "store-fails":
        storeFails = given.on;
        return Response.json(null);
      case "put":
        entries.set(given.key, { value: given.value, ttl: null });
        return Response.json(null);
      case "entries":
        return Response.json(Object.fromEntries(entries));
      default:
        return new Response(`unknown command ${command}`, { status: 400 });
    }
  },
};
