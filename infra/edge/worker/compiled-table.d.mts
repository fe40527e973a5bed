// infra/edge/bundle.py writes the module itself: the compiled routing table of a stack.

import type { CompiledTable } from "./types";

export const COMPILED_TABLE: CompiledTable;
