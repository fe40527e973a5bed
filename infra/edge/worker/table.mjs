// The routing table: read once, and kept such that a request looks at few of its rules.

/** @import { CompiledRule, CompiledTable, Env, Rule } from "./types" */
import { prepared } from "./actions.mjs";
import { COMPILED_TABLE } from "./compiled-table.mjs";

/** @type {WeakMap<Env, Table>} */
const tables = new WeakMap();

/**
 * The table as it holds with the worker's bindings. Throws an Error for a rule that cannot be executed.
 * @param {Env} env
 * @returns {Table}
 */
export function tableOf(env) {
  let table = tables.get(env);
  if (table === undefined) {
    table = new Table(COMPILED_TABLE, env);
    tables.set(env, table);
  }
  return table;
}

class Table {
  /**
   * @param {CompiledTable} compiled
   * @param {Env} env
   */
  constructor(compiled, env) {
    this.limits = compiled.limits;
    this.contentParameters = compiled.contentParameters ?? [];
    const rules = compiled.rules.filter((rule) => isForUs(rule, env));
    /** Labels that no rule names are all the same to us. @type {Set<string>} */
    this._named = new Set(
      rules.flatMap(({ hosts }) => (Array.isArray(hosts) ? hosts : hosts.but)),
    );
    this._compiled = rules;
    this._rules = rules.map((rule) => ready(rule, env));
    /** @type {Map<string | null, HostIndex>} */
    this._hosts = new Map();
  }

  /**
   * The rules that may fit, in the table's order.
   * @param {string} label
   * @param {string} path
   * @returns {Rule[]}
   */
  candidates(label, path) {
    const key = this._named.has(label) ? label : null;
    let index = this._hosts.get(key);
    if (index === undefined) {
      index = new HostIndex(this._compiled, this._rules, key);
      this._hosts.set(key, index);
    }
    return index.candidates(path);
  }
}

/** The rules of one host, by whole path and by the path's first segment. */
class HostIndex {
  /**
   * @param {CompiledRule[]} compiled
   * @param {Rule[]} rules
   * @param {string | null} label
   */
  constructor(compiled, rules, label) {
    this._rules = rules;
    /** Positions in the table. @type {number[]} */
    this._anywhere = [];
    /** @type {Map<string, number[]>} */
    this._segments = new Map();
    /** @type {Map<string, number[]>} */
    this._paths = new Map();
    /** What was put together already; only of paths and segments that rules name. */
    this._byPath = /** @type {Map<string, Rule[]>} */ (new Map());
    this._bySegment = /** @type {Map<string, Rule[]>} */ (new Map());
    compiled.forEach(({ hosts, path }, position) => {
      const meant = Array.isArray(hosts)
        ? label !== null && hosts.includes(label)
        : label === null || !hosts.but.includes(label);
      if (!meant) return;
      const segment = path?.segment ?? segmentOfPrefix(path?.prefix);
      if (path?.exact !== undefined) {
        add(this._paths, path.exact, position);
        if (path.slash) add(this._paths, `${path.exact}/`, position);
      } else if (segment !== undefined) {
        add(this._segments, segment, position);
      } else {
        this._anywhere.push(position);
      }
    });
    this._rest = this._merged([], []);
  }

  /**
   * @param {string} path
   * @returns {Rule[]}
   */
  candidates(path) {
    const known = this._byPath.get(path) ?? this._atExactly(path);
    if (known !== undefined) return known;
    const segment = firstSegment(path);
    return this._bySegment.get(segment) ?? this._at(segment) ?? this._rest;
  }

  /** @param {string} path */
  _atExactly(path) {
    const own = this._paths.get(path);
    if (own === undefined) return undefined;
    const merged = this._merged(own, this._segments.get(firstSegment(path)) ?? []);
    this._byPath.set(path, merged);
    return merged;
  }

  /** @param {string} segment */
  _at(segment) {
    const own = this._segments.get(segment);
    if (own === undefined) return undefined;
    const merged = this._merged(own, []);
    this._bySegment.set(segment, merged);
    return merged;
  }

  /**
   * @param {number[]} some
   * @param {number[]} others
   * @returns {Rule[]}
   */
  _merged(some, others) {
    const positions = [...this._anywhere, ...some, ...others].sort((one, other) => one - other);
    return positions.flatMap((position) => this._rules[position] ?? []);
  }
}

/**
 * @param {Map<string, number[]>} index
 * @param {string} key
 * @param {number} position
 */
function add(index, key, position) {
  const known = index.get(key);
  if (known === undefined) index.set(key, [position]);
  else known.push(position);
}

/** @param {string} path */
function firstSegment(path) {
  const end = path.indexOf("/", 1);
  return end === -1 ? path.slice(1) : path.slice(1, end);
}

/** The first segment, if the prefix has all of it. @param {string | undefined} prefix */
function segmentOfPrefix(prefix) {
  const end = prefix?.indexOf("/", 1) ?? -1;
  return end === -1 ? undefined : prefix?.slice(1, end);
}

/**
 * Whether a rule can ever fit where the worker runs.
 * @param {CompiledRule} rule
 * @param {Env} env
 */
function isForUs({ environments, when = [] }, env) {
  const bindings = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (env));
  const here = environments === undefined || environments.includes(env.ENVIRONMENT);
  return here && when.every(({ variable, value }) => {
    if (variable === undefined) return true;
    const found = bindings[variable];
    return typeof found === "string" && (value === undefined || value === found);
  });
}

/**
 * @param {CompiledRule} rule
 * @param {Env} env
 * @returns {Rule}
 */
function ready({ name, path, when = [], then }, env) {
  try {
    return {
      name,
      exact: path?.exact,
      slashed: path?.slash ? `${path.exact}/` : undefined,
      prefix: path?.prefix,
      pattern: path?.pattern === undefined ? undefined : new RegExp(path.pattern),
      when: when.filter(({ variable }) => variable === undefined),
      answer: prepared(then, env),
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : "cannot be read";
    throw new Error(`the rule ${name} is wrong: ${problem}`);
  }
}
