// What the API's answer about a path means.

/** @import { PathInfo } from "./types" */

export const QUERY = `
  query ($alias: AliasInput) {
    uuid(alias: $alias) {
      __typename
      ... on AbstractUuid { alias }
      ... on InstanceAware { instance }
      ... on Course { id currentRevision { content } }
      ... on Comment { id trashed legacyObject { alias } }
    }
  }
`;

/** A course's page by the start of its UUID. */
const COURSE_PAGE =
  /^(?:\/(?:de|en|es|fr|hi|ta))?(?:\/[^/]+)?\/[0-9]+\/(?<page>[0-9a-f]+(?:-[0-9a-f-]*)?)\/[^/]*$/;
const LETTERS = /** @type {Record<string, string>} */ ({
  ...{ ä: "ae", ö: "oe", ü: "ue", ß: "ss", " ": "-" },
  ...{ á: "a", é: "e", í: "i", ó: "o", ú: "u", ñ: "n" },
});

/**
 * @param {unknown} answer the API's
 * @param {string} path that was asked for
 * @returns {PathInfo | null | undefined} null: it is nothing that the API knows; undefined: it is a
 *   page of a course whose content cannot be read
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
  const page = COURSE_PAGE.exec(path)?.groups?.["page"];
  if (page !== undefined) {
    const current = coursePage(uuid, alias, page);
    if (current === undefined) return undefined;
    info.currentPath = current;
  } else if (typename === "Comment") {
    if (uuid["trashed"] === true) {
      info.currentPath = "/error/deleted/Comment";
    } else {
      const object = text(record(uuid["legacyObject"])["alias"]);
      if (object !== undefined) {
        info.currentPath = object;
        info.hash = `#comment-${Number(uuid["id"]) || 0}`;
      }
    }
  }
  return info;
}

/**
 * The path of a course's page. The first one is the course itself, as is one that it does not have.
 * @param {Record<string, unknown>} uuid of the course
 * @param {string | undefined} alias
 * @param {string} wanted the start of the page's UUID
 * @returns {string | undefined} undefined: it is no course, or its content cannot be read
 */
function coursePage({ id: number, currentRevision }, alias, wanted) {
  const pages = pagesOf(text(record(currentRevision)["content"]) ?? "");
  if (alias === undefined || typeof number !== "number" || pages === undefined) return undefined;
  const position = pages.findIndex(({ id }) => id.startsWith(wanted));
  const page = pages[position];
  if (page === undefined || position === 0) return alias;
  const group = page.id.split("-", 1)[0] ?? "";
  return `/${alias.split("/")[1] ?? ""}/${number}/${group}/${slug(page.title)}`;
}

/**
 * @param {string} content of a course, a JSON document
 * @returns {{ id: string, title: string }[] | undefined}
 */
function pagesOf(content) {
  try {
    const pages = record(record(JSON.parse(content))["state"])["pages"];
    if (!Array.isArray(pages)) return undefined;
    const isRead = pages.every((page) => {
      const { id, title } = record(page);
      return typeof id === "string" && typeof title === "string";
    });
    return isRead ? pages : undefined;
  } catch {
    return undefined;
  }
}

/** As the API makes it of a title. @param {string} title */
function slug(title) {
  return title
    .toLowerCase()
    .replace(/[äöüßáéíóúñ ]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[^A-Za-z0-9_-]+/g, "")
    .replace(/-+/g, "-")
    .replace(/^-|-$/g, "");
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
