// What the API's answer about a path means.

/** @import { PathInfo } from "./types" */

export const QUERY = `
  query ($alias: AliasInput) {
    uuid(alias: $alias) {
      __typename
      ... on AbstractUuid { alias }
      ... on InstanceAware { instance }
      ... on Course { pages { id title } }
      ... on Comment { id trashed legacyObject { alias } }
    }
  }
`;

const COURSE_PAGE =
  /^(?:\/(?:de|en|es|fr|hi|ta))?(?:\/[^/]+)?\/[0-9]+\/(?<page>[0-9a-f]+)(?:-[0-9a-f-]*)?\/[^/]*$/;
/** Subject and number at the start of a course's alias. */
const COURSE = /^(?:\/[^/]*[^/0-9][^/]*)?\/[0-9]+(?=\/|$)/;
const UMLAUTS = /** @type {Record<string, string>} */ ({ ä: "ae", ö: "oe", ü: "ue", ß: "ss" });

/**
 * @param {unknown} answer the API's
 * @param {string} path that was asked for
 * @returns {PathInfo | null} null: it is nothing that the API knows
 */
export function pathInfo(answer, path) {
  const uuid = record(record(record(answer)["data"])["uuid"]);
  const typename = uuid["__typename"];
  if (typeof typename !== "string") return null;
  const alias = text(uuid["alias"]);
  /** @type {PathInfo} */
  const info = { currentPath: alias ?? path, typename };
  const instance = text(uuid["instance"]);
  if (instance !== undefined) info.instance = instance;
  if (typename === "Comment") {
    if (uuid["trashed"] === true) {
      info.currentPath = "/error/deleted/Comment";
    } else {
      const object = text(record(uuid["legacyObject"])["alias"]);
      if (object !== undefined) {
        info.currentPath = object;
        info.hash = `#comment-${Number(uuid["id"]) || 0}`;
      }
    }
  } else if (typename === "Course") {
    info.currentPath = coursePage(uuid, alias, path) ?? info.currentPath;
  }
  return info;
}

/**
 * The path of a course's page; nothing for the first one, which is the course itself.
 * @param {Record<string, unknown>} uuid of the course
 * @param {string | undefined} alias
 * @param {string} path
 * @returns {string | undefined}
 */
function coursePage({ pages }, alias, path) {
  const wanted = COURSE_PAGE.exec(path)?.groups?.["page"];
  const course = COURSE.exec(alias ?? "")?.[0];
  if (wanted === undefined || !Array.isArray(pages) || course === undefined) return undefined;
  const position = pages.findIndex((page) => text(record(page)["id"])?.startsWith(wanted));
  if (position < 1) return undefined;
  const { id, title } = record(pages[position]);
  const group = String(id).split("-", 1)[0] ?? "";
  return `${course}/${group}/${slug(text(title) ?? "")}`;
}

/** @param {string} title */
function slug(title) {
  const lower = title.toLowerCase().replace(/[äöüß]/g, (letter) => UMLAUTS[letter] ?? letter);
  return lower.replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}

/** @param {unknown} value @returns {Record<string, unknown>} */
function record(value) {
  return typeof value === "object" && value !== null
    ? /** @type {Record<string, unknown>} */ (value)
    : {};
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : undefined;
}
