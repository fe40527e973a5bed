// What rules do, each action made ready once: templates split, regular expressions compiled.

/** @import { Action, Env, Rule } from "./types" */
import { preparedAlias } from "./alias.mjs";
import { fromApi, preparedOrigins } from "./api.mjs";
import { choice, maintenance, redirection, text } from "./answers.mjs";
import { fromFrontend } from "./frontend.mjs";
import { preparedProxy } from "./proxy.mjs";
import { preparedSplit } from "./split.mjs";
import { filledForVisit, fixedHost, template, withVariables } from "./templates.mjs";
import { preparedThumbnail } from "./thumbnail.mjs";
import { fromOrigin } from "./upstream.mjs";
import { log } from "./log.mjs";

/**
 * Throws an error that says what is wrong with the action.
 * @param {Action} action
 * @param {Env} env
 * @returns {Rule["answer"]}
 */
export function prepared(action, env) {
  switch (action.do) {
    case "redirect":
      return preparedRedirect(action.to, action.status, env);
    case "frontend":
      return (visit) => fromFrontend(visit, action);
    case "api": {
      const origins = preparedOrigins(action.origins, env);
      return (visit) => fromApi(visit, origins);
    }
    case "proxy":
      return preparedProxy(action, env);
    case "respond": {
      const content = withVariables(action.content, env);
      const { type = "text/plain;charset=UTF-8", status = 200, report = false } = action;
      return (visit) => {
        if (report) log("info", "a report was asked for", visit);
        return text(content, type, status);
      };
    }
    case "maintenance":
      return (visit) => maintenance(visit);
    case "alias":
      return preparedAlias();
    case "pass":
    case "legacy":
      return fromOrigin;
    case "thumbnail":
      return preparedThumbnail(action.sources);
    case "split":
      return preparedSplit(action);
    case "choose":
      return () => choice(action.useFrontend, action.content, env.DOMAIN);
    default:
      throw new Error("its action is unknown");
  }
}

/**
 * @param {string} to
 * @param {number} status
 * @param {Env} env
 * @returns {Rule["answer"]}
 */
function preparedRedirect(to, status, env) {
  const parts = template(to, env);
  // Who is sent where may depend on the request, but not to whose host.
  const own = "https://{label}.{DOMAIN}";
  const fixed = to.startsWith(own) ? `https://{DOMAIN}${to.slice(own.length)}` : to;
  if (fixedHost(fixed, env) === undefined) {
    throw new Error(`it redirects to ${to}, whose host is not fixed`);
  }
  return (visit, captured) => redirection(filledForVisit(parts, visit, captured), status);
}
