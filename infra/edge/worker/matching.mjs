// Whether a rule fits a request: its path and its conditions. Its host was looked at before.

/** @import { Captured, Condition, Rule, Visit } from "./types" */

/** @type {Captured} */
const NOTHING = Object.freeze(Object.create(null));

/**
 * What the path's pattern captured, or null if the rule does not fit.
 * @param {Rule} rule
 * @param {Visit} visit
 * @returns {Captured | null}
 */
export function fits(rule, visit) {
  const path = visit.url.pathname;
  /** @type {Captured} */
  let captured = NOTHING;
  if (rule.exact !== undefined) {
    if (path !== rule.exact && path !== rule.slashed) return null;
  } else if (rule.prefix !== undefined) {
    if (!path.startsWith(rule.prefix)) return null;
  } else if (rule.pattern !== undefined) {
    const match = rule.pattern.exec(path);
    if (match === null) return null;
    captured = match.groups ?? NOTHING;
  }
  for (const condition of rule.when) {
    if (!holds(condition, visit)) return null;
  }
  return captured;
}

/**
 * @param {Condition} condition
 * @param {Visit} visit
 * @returns {boolean}
 */
function holds(condition, { request, url }) {
  const { value } = condition;
  if (condition.scheme !== undefined) return url.protocol === `${condition.scheme}:`;
  if (condition.methods !== undefined) return condition.methods.includes(request.method);
  if (condition.query !== undefined) return hasParameter(url.search, condition.query);
  if (condition.region !== undefined) {
    const region = request.cf?.regionCode;
    return typeof region === "string" && condition.region.includes(region);
  }
  if (condition.cookie !== undefined) {
    const found = cookie(request.headers.get("cookie"), condition.cookie);
    return found !== null && (value === undefined || value === found);
  }
  if (condition.header !== undefined) {
    const found = request.headers.get(condition.header);
    if (found === null || value === undefined) return found !== null;
    // Several headers of one name are one text here; the first is meant.
    return found === value || found.startsWith(`${value}, `);
  }
  return false;
}

/**
 * Whether the query has a parameter of one of these names; both are compared as they are written.
 * @param {string} search with its question mark, or empty
 * @param {string[]} names
 */
export function hasParameter(search, names) {
  if (search === "") return false;
  return search
    .slice(1)
    .split("&")
    .some((pair) => pair !== "" && names.includes(pair.split("=", 1)[0] ?? ""));
}

/**
 * The value of a cookie; of several with one name, that of the first.
 * @param {string | null} header
 * @param {string} name
 * @returns {string | null}
 */
export function cookie(header, name) {
  if (header === null || !header.includes(name)) return null;
  for (const pair of header.split(";")) {
    const text = pair.trim();
    if (text.startsWith(name) && text[name.length] === "=") return text.slice(name.length + 1);
  }
  return null;
}
