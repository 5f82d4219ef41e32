import { ByHolder, type Holder } from '../core/by-holder.ts';
import { CALL_TOOL, isDiscovery } from '../core/discovery.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Tool } from '../core/tool.ts';
import { callTool, targetOf } from './discovery/call-tool.ts';
import { searchTools } from './discovery/search-tools.ts';
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

export interface CatalogOptions {
  readonly pageSize: number;
  /** Who would see more tools than these sees the long tail in no list, but can search it and call from it. */
  readonly maxListed: number;
  /** Those of the tools that may be left out. */
  readonly tail: readonly Tool[];
}

/** A tool with what it is to be called with. */
export interface ResolvedCall {
  readonly tool: Tool;
  readonly arguments: unknown;
}

/** The tools in their fixed order. */
export class ToolCatalog {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #list: ScopedList<ListedTool>;
  readonly #listings = new ByHolder<ToolListing>();

  /** @throws TypeError when two tools share a name, or one cannot be shown to clients */
  constructor(tools: readonly Tool[], { pageSize, maxListed, tail }: CatalogOptions) {
    const isLong = tail.length > 0 && tools.length > maxListed;
    const discovery = isLong ? [searchTools(tools, tail), callTool(tools)] : [];
    const all = [...tools, ...discovery];
    this.#tools = new Map(all.map((tool) => [tool.name, tool]));
    const entries = all.map((tool) => ({ key: tool.name, target: tool, item: listed(tool) }));
    const hidden = new Set(tail.map(({ name }) => name));
    this.#list = new ScopedList('tools/list', entries, pageSize, (visible) => {
      const usual = visible.filter(({ key }) => !isDiscovery(key));
      return usual.length <= maxListed ? usual : visible.filter(({ key }) => !hidden.has(key));
    });
  }

  find(name: string): Tool | undefined {
    return this.#tools.get(name);
  }

  /**
   * What a call is about: that of `call_tool` is a call of its target, and from here on nothing else. Scopes,
   * policy, limits, metrics and the audit log are the target's.
   */
  resolve(name: string, rawArguments: unknown): ResolvedCall | undefined {
    const tool = this.#tools.get(name);
    if (tool === undefined) return undefined;
    return (
      (name === CALL_TOOL ? this.#targeted(rawArguments) : undefined) ?? { tool, arguments: rawArguments }
    );
  }

  /** Undefined where `call_tool` itself has to say what is wrong. */
  #targeted(rawArguments: unknown): ResolvedCall | undefined {
    try {
      const { name, arguments: given } = targetOf(rawArguments);
      const tool = isDiscovery(name) ? undefined : this.#tools.get(name);
      return tool && { tool, arguments: given };
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
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
