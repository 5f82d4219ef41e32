import type { ScopeSet } from '../core/scopes.ts';
import type { JsonObject } from '../core/json.ts';
import type { Tool } from '../core/tool.ts';

/** A tool as `tools/list` shows it. */
interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonObject & { type: 'object' };
  outputSchema?: JsonObject & { type: 'object' };
  annotations: Tool['annotations'];
}

export interface ToolListing {
  readonly tools: readonly ListedTool[];
  /** `tools` as JSON, written once. */
  readonly json: string;
}

/**
 * The tools in their fixed order. What a principal may see depends on its scopes alone, so each set of
 * scopes has its list made once.
 */
export class ToolCatalog {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #listings = new Map<ScopeSet, ToolListing>();

  /** @throws TypeError when two tools share a name */
  constructor(tools: readonly Tool[]) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    if (this.#tools.size !== tools.length) throw new TypeError('Two tools have the same name');
  }

  find(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  visibleTo(scopes: ScopeSet): ToolListing {
    const known = this.#listings.get(scopes);
    if (known) return known;
    const tools = [...this.#tools.values()].filter((tool) => scopes.hasAll(tool.scopes)).map(listed);
    const listing = { tools, json: JSON.stringify(tools) };
    this.#listings.set(scopes, listing);
    return listing;
  }
}

function listed(tool: Tool): ListedTool {
  const { name, title, description, annotations, inputSchema, outputSchema } = tool;
  return {
    name,
    title,
    description,
    inputSchema: { ...inputSchema, type: 'object' },
    ...(outputSchema === undefined ? {} : { outputSchema: { ...outputSchema, type: 'object' } }),
    annotations,
  };
}
