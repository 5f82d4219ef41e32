import type { ResourceContents } from './content.ts';
import type { Principal } from './principal.ts';
import type { Scope } from './scopes.ts';

export interface ResourceEntry {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
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
}

export interface ResourcePage {
  readonly resources: readonly ResourceEntry[];
  readonly nextCursor?: string;
}

/** A family of resources under one URI prefix. */
export interface ResourceProvider {
  /** URIs of this family start with it: `fairlead://workspace/`. */
  readonly prefix: string;
  /** Needed to list, read and complete. */
  readonly scopes: readonly Scope[];
  readonly templates: readonly ResourceTemplate[];
  /** @throws AppError `INVALID_ARGUMENT` for a cursor that is not one of its own. */
  list(context: ResourceContext, cursor: string | undefined): Promise<ResourcePage>;
  /** @throws AppError `PATH_NOT_FOUND` when there is no such resource, `FILE_TOO_LARGE`, … */
  read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]>;
  /** Values for a template's variable that start with what was typed, best first, at most 100. */
  complete(context: ResourceContext, variable: string, typed: string): Promise<readonly string[]>;
}

export interface ResourceContext {
  readonly principal: Principal;
  readonly signal: AbortSignal;
}
