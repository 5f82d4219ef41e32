import type { JsonObject } from '../core/json.ts';
import type { ScopeSet } from '../core/scopes.ts';
import type { Tool } from '../core/tool.ts';
import { type ListedIcon, listedIcons } from './listed-icons.ts';
import { type Page, ScopedList } from './scoped-list.ts';

/** A tool as `tools/list` shows it. */
interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: JsonObject & { type: 'object' };
  outputSchema?: JsonObject & { type: 'object' };
  annotations: Tool['annotations'];
  icons?: ListedIcon[];
}

/** The first page of `tools/list`, nearly always the only one. */
export interface ToolListing {
  /** The members `tools` and, where there are more, `nextCursor`, written as JSON without the braces. */
  readonly json: string;
}

/** The tools in their fixed order. */
export class ToolCatalog {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #list: ScopedList<ListedTool>;
  readonly #listings = new Map<ScopeSet, ToolListing>();

  /** @throws TypeError when two tools share a name, or one cannot be shown to clients */
  constructor(tools: readonly Tool[], pageSize: number) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    const entries = tools.map((tool) => ({ key: tool.name, scopes: tool.scopes, item: listed(tool) }));
    this.#list = new ScopedList('tools/list', entries, pageSize);
  }

  find(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  /** @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given. */
  page(scopes: ScopeSet, cursor: string | undefined): Page<ListedTool> {
    return this.#list.page(scopes, cursor);
  }

  /** The same object for the same scopes. */
  firstPage(scopes: ScopeSet): ToolListing {
    const known = this.#listings.get(scopes);
    if (known) return known;
    const { items, nextCursor } = this.#list.page(scopes, undefined);
    const listing = { json: JSON.stringify({ tools: items, nextCursor }).slice(1, -1) };
    this.#listings.set(scopes, listing);
    return listing;
  }
}

function listed(tool: Tool): ListedTool {
  const { name, title, description, annotations, inputSchema, outputSchema, icons } = tool;
  return {
    name,
    title,
    description,
    inputSchema: objectSchema(name, inputSchema),
    ...(outputSchema === undefined ? {} : { outputSchema: objectSchema(name, outputSchema) }),
    annotations,
    ...listedIcons(icons),
  };
}

/** The schema itself, not a copy: its keywords, unknown ones included, reach the client as they were written. */
function objectSchema(tool: string, schema: JsonObject): JsonObject & { type: 'object' } {
  if (!isObjectSchema(schema)) throw new TypeError(`Tool "${tool}": a schema's type is not "object"`);
  return schema;
}

function isObjectSchema(schema: JsonObject): schema is JsonObject & { type: 'object' } {
  return schema['type'] === 'object';
}
