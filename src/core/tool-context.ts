import type { JsonObject } from './json.ts';
import type { Logger } from './telemetry.ts';
import type { Tool } from './tool.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

/**
 * What a tool file exports by default: a tool, several, or a function that makes them of what it is handed. The
 * function is called once, when the server starts.
 */
export type ToolFile = Tool | readonly Tool[] | MakeTools;

export type MakeTools = (context: ToolContext) => Tool | readonly Tool[] | Promise<Tool | readonly Tool[]>;

/** What the tools of one file are made of. */
export interface ToolContext {
  /** What stands under `settings` beside the file's path in the configuration. Empty where there is nothing. */
  readonly settings: JsonObject;
  /** What stands under `secrets` there. Never shown by the server, and never to be logged. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The server's own log. Within a call, `call.logger` names the request as well. */
  readonly logger: Logger;
  /** As `call.fetch`: public addresses only. */
  readonly fetch: typeof globalThis.fetch;
  /** The files of the workspaces, as far as the principal of a call may see them. */
  readonly files: WorkspaceFiles;
  /** What outlives a call and is seen by every process of the deployment. */
  readonly store: ToolStore;
  /**
   * A cache in the memory of this process.
   *
   * @throws RangeError for bounds that are not above 0
   */
  cache<V>(bounds: CacheBounds): ToolCache<V>;
}

export interface CacheBounds {
  /** Beyond as many, the one that was not asked for longest goes. */
  readonly entries: number;
  /** How long each is answered, to the millisecond. */
  readonly seconds: number;
}

export interface ToolCache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

/**
 * Records of one tool file: other files and other parts of the server have others. Values are texts of at most
 * 65 536 bytes, and each has a lifetime in seconds, at most 31 days. A key is any text, as long as you like.
 *
 * Every method throws AppError `UNAVAILABLE` while the store cannot be reached.
 */
export interface ToolStore {
  get(key: string): Promise<string | undefined>;
  /** Creates or replaces. */
  put(key: string, value: string, seconds: number): Promise<void>;
  /**
   * Replaces `expected` by `next`, and answers whether it did: of several processes that try, one does.
   * `undefined` as `expected` means that there must be none; as `next`, that it is removed.
   */
  swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    seconds: number,
  ): Promise<boolean>;
  /** Reads and removes: of several that try, one gets it. */
  take(key: string): Promise<string | undefined>;
  /** Adds to a counter that lives as long from its first increment, and answers what it comes to. */
  increment(key: string, by: number, seconds: number): Promise<number>;
}
