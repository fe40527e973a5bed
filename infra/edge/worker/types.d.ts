// What the worker is given: its bindings, and the compiled table (infra/edge/compiler.py).

export interface Env {
  DOMAIN: string;
  ENVIRONMENT: string;
  API_ENDPOINT: string;
  FRONTEND_DOMAIN: string;
  API_SECRET?: string;
  /** Valid as well while API_SECRET is being replaced. */
  API_SECRET_SECOND?: string;
  /** What opens the gateway (infra/cluster/origin_auth.py). */
  ORIGIN_SECRET?: string;
  PATH_INFO_KV?: KVNamespace;
}

export interface CompiledTable {
  contentParameters?: string[];
  limits: Limits;
  rules: CompiledRule[];
}

/** Milliseconds until an upstream's headers must have arrived. */
export interface Limits {
  lookup: number;
  frontend: number;
  api: number;
  proxy: number;
  origin: number;
}

export interface CompiledRule {
  name: string;
  hosts: string[] | { but: string[] };
  path?: CompiledPath;
  when?: Condition[];
  environments?: string[];
  then: Action;
}

export interface CompiledPath {
  exact?: string;
  slash?: boolean;
  prefix?: string;
  pattern?: string;
  segment?: string;
}

export interface Condition {
  scheme?: string;
  methods?: string[];
  cookie?: string;
  header?: string;
  query?: string[];
  region?: string[];
  variable?: string;
  value?: string;
}

/** The language goes before the path with `prefix`; `page`: the content API's parameters count. */
export interface FrontendAction {
  prefix?: boolean;
  page?: boolean;
  redirect?: "follow" | "manual";
}

export type Action =
  | { do: "redirect"; to: string; status: number }
  | ({ do: "frontend" } & FrontendAction)
  | { do: "api"; origins: CompiledOrigin[] }
  | { do: "proxy"; to: string; cache?: number; declines?: boolean }
  | { do: "respond"; content: string; type?: string; status?: number; report?: boolean }
  | { do: "maintenance" }
  | { do: "alias" }
  | { do: "pass" }
  | { do: "legacy" }
  | { do: "thumbnail"; sources: CompiledSource[] }
  | SplitAction
  | { do: "choose"; useFrontend: string; content: string };

export interface SplitAction {
  do: "split";
  name: string;
  mobile?: number;
  authenticated?: number;
  desktop?: number;
  byType?: boolean;
  types?: string[];
}

export interface CompiledOrigin {
  host: string;
  subdomains?: boolean;
  ports?: number[];
  notIn?: string[];
}

export interface CompiledSource {
  url: string;
  images?: string[];
  ask?: string;
  body?: string;
  at?: string[];
  imageHost?: string;
  drop?: string;
  cache?: number;
}

/** Texts and names of placeholders by turns, texts first. */
export type Template = string[];

/** What was captured from a path or URL, by name. */
export type Captured = Readonly<Record<string, string | undefined>>;

/** A rule that is ready to be tried. */
export interface Rule {
  name: string;
  exact: string | undefined;
  /** The other way to write the exact path, with a slash at its end. */
  slashed: string | undefined;
  prefix: string | undefined;
  pattern: RegExp | undefined;
  when: Condition[];
  /** Answers, or declines with null. */
  answer: (visit: Visit, captured: Captured) => Promise<Response | null> | Response | null;
}

/** The answers to one request so far. */
export interface Visit {
  request: Request;
  env: Env;
  ctx: ExecutionContext;
  limits: Limits;
  contentParameters: string[];
  url: URL;
  /** The host without the domain: empty for the domain itself. */
  label: string;
  requestId: string;
  rule: string;
  /** What was found out about the path, if it was looked up. */
  known?: Promise<PathInfo | null>;
}

/** What the API knows about a path. */
export interface PathInfo {
  currentPath: string;
  instance?: string;
  hash?: string;
  typename?: string;
}
