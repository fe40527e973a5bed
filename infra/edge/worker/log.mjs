// One JSON document on each line. Never secrets, cookies, or what a query says.

/**
 * @param {"info" | "warning" | "error"} level
 * @param {string} message
 * @param {{ rule: string, requestId: string }} visit
 * @param {Record<string, unknown>} [more]
 */
export function log(level, message, { rule, requestId }, more = {}) {
  const line = JSON.stringify({ level, message, rule, requestId, ...more });
  if (level === "error") console.error(line);
  else if (level === "warning") console.warn(line);
  else console.log(line);
}
