import type { ResourceContents } from './content.ts';
import type { Icon } from './icon.ts';
import type { Showing } from './permit.ts';
import type { Principal } from './principal.ts';
import type { Scope } from './scopes.ts';

export interface ResourceEntry {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
  /** Bytes. */
  readonly size?: number;
}

export interface ResourceTemplate {
  /** RFC 6570. */
  readonly uriTemplate: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  readonly icons?: readonly Icon[];
}

export interface ResourcePage {
  readonly resources: readonly ResourceEntry[];
  readonly nextCursor?: string;
}

/** A family of resources under one URI prefix. */
export interface ResourceProvider extends Showing {
  /** URIs of this family start with it: `fairlead://workspace/`. */
  readonly prefix: string;
  /** Needed to list, read and complete. */
  readonly scopes: readonly Scope[];
  readonly templates: readonly ResourceTemplate[];
  /** @throws AppError `INVALID_ARGUMENT` for a cursor that is not one of its own. */
  list(context: ResourceContext, cursor: string | undefined): Promise<ResourcePage>;
  /** @throws AppError `PATH_NOT_FOUND` when there is no such resource, `FILE_TOO_LARGE`, … */
  read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]>;
  /**
   * Whether a URI is well-formed and leads to something that could be read, also where that is too large
   * to be read at once; for who wants to follow it. Absent where only reading tells.
   *
   * @throws AppError as `read`
   */
  check?(context: ResourceContext, uri: string): Promise<void>;
  /** Values for a template's variable that start with what was typed, best first, at most 100. */
  complete(context: ResourceContext, variable: string, typed: string): Promise<readonly string[]>;
  /**
   * Reports changes until it is closed; absent where nothing ever changes. At most one watch is open at a
   * time, and only while somebody is interested.
   */
  watch?(report: (change: ResourceChange) => void): ResourceWatch;
}

/**
 * What happened. Every process of a deployment may see and report the same change: `version` is the same
 * text for the same change in all of them, another one for the next, so that clients are told once.
 */
export type ResourceChange =
  | { readonly kind: 'updated'; readonly uri: string; readonly version: string }
  /** The list has other entries now. */
  | { readonly kind: 'listed'; readonly version: string };

export interface ResourceWatch {
  /** Narrows the watch to what somebody wants to know; replaces what was asked before. */
  follow(interest: { readonly uris: ReadonlySet<string>; readonly list: boolean }): void;
  close(): Promise<void>;
}

export interface ResourceContext {
  readonly principal: Principal;
  readonly signal: AbortSignal;
}
