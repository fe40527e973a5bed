// Texts with placeholders: read once, filled for each request.

/** @import { Captured, Env, Template, Visit } from "./types" */

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/;

/**
 * Fill in what is the same for all requests. Other braces stay as they are.
 * @param {string} text
 * @param {Env} env
 */
export function withVariables(text, env) {
  return text
    .replaceAll("{DOMAIN}", () => env.DOMAIN)
    .replaceAll("{FRONTEND_DOMAIN}", () => env.FRONTEND_DOMAIN);
}

/**
 * @param {string} text
 * @param {Env} env
 * @returns {Template}
 */
export function template(text, env) {
  return withVariables(text, env).split(PLACEHOLDER);
}

/**
 * The host that a template for a URL leads to, if no request has a say in it.
 * @param {string} text
 * @param {Env} env
 * @returns {string | undefined}
 */
export function fixedHost(text, env) {
  const start = /^https:\/\/([a-z0-9.-]+(?::[0-9]+)?)(?:[/?#]|\{path\}|\{query\}|$)/;
  return start.exec(withVariables(text, env))?.[1];
}

/**
 * @param {Template} parts
 * @param {(name: string) => string} value
 * @returns {string}
 */
export function filled(parts, value) {
  let text = parts[0] ?? "";
  for (let position = 1; position < parts.length; position += 2) {
    text += value(parts[position] ?? "") + (parts[position + 1] ?? "");
  }
  return text;
}

/**
 * A URL from what the request has; `{label}.` of the domain itself is nothing.
 * @param {Template} parts
 * @param {Visit} visit
 * @param {Captured} captured
 */
export function filledForVisit(parts, visit, captured) {
  const { url, label } = visit;
  const text = filled(parts, (name) => {
    if (name === "path") return url.pathname;
    if (name === "query") return url.search;
    if (name === "label") return label;
    return captured[name] ?? "";
  });
  return label === "" ? text.replace("https://.", "https://") : text;
}
