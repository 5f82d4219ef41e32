import { ByHolder, type Holder } from '../core/by-holder.ts';
import type { JsonObject } from '../core/json.ts';
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
  readonly #listings = new ByHolder<ToolListing>();

  /** @throws TypeError when two tools share a name, or one cannot be shown to clients */
  constructor(tools: readonly Tool[], pageSize: number) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    const entries = tools.map((tool) => ({ key: tool.name, target: tool, item: listed(tool) }));
    this.#list = new ScopedList('tools/list', entries, pageSize);
  }

  find(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  /** @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given. */
  page(holder: Holder, cursor: string | undefined): Page<ListedTool> {
    return this.#list.page(holder, cursor);
  }

  /** The same object for the same permit and scopes. */
  firstPage(holder: Holder): ToolListing {
    return this.#listings.get(holder, () => {
      const { items, nextCursor } = this.#list.page(holder, undefined);
      return { json: JSON.stringify({ tools: items, nextCursor }).slice(1, -1) };
    });
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
