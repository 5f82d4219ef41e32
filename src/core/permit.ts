import type { ScopeSet } from './scopes.ts';

/** What bounds the calls that are made under a permit; absent where the settings of the service alone decide. */
export interface CallLimits {
  /** Calls that may begin within a minute, over all processes. */
  readonly callsPerMinute?: number | undefined;
  /** Calls that run at the same time, in one process. */
  readonly concurrentCalls?: number | undefined;
  /** Estimated tokens that one result may hold. */
  readonly outputTokens?: number | undefined;
}

/**
 * What the operator's policy lets a principal do, beside the scopes of its token. There are few of them, each
 * one object: a permit can key a cache of what its holders may see.
 */
export interface Permit {
  /**
   * Tells it from every other, in every process and after a restart: what is begun under one permit and kept
   * between requests is not there for who comes with another.
   */
  readonly id: string;
  /** The rule that it comes of, for logs and people. Undefined where no rule had to be asked, or none fitted. */
  readonly rule: string | undefined;
  /** Allows nothing at all: there are rules, and none fits. */
  readonly isEmpty: boolean;
  /** Whatever the token says, no other scope counts. Undefined: all do. */
  readonly scopes: ScopeSet | undefined;
  readonly limits: CallLimits;
  allowsTool(tool: { readonly name: string; readonly effect: string }): boolean;
  /** @param name Of a workspace, as {@link WORKSPACE} is. */
  allowsWorkspace(name: string): boolean;
  /** @param name Of a data source. The one of the workspaces' files is `files`. */
  allowsSource(name: string): boolean;
  /** @param name Of a job. */
  allowsJob(name: string): boolean;
  /** @param name Of a configured HTTP API. */
  allowsApi(name: string): boolean;
}

/** The name of the one workspace: the host part of its URIs. */
export const WORKSPACE = 'workspace';

/** For whoever runs the service themselves, on their own machine. */
export const UNRESTRICTED: Permit = Object.freeze({
  id: 'unrestricted',
  rule: undefined,
  isEmpty: false,
  scopes: undefined,
  limits: Object.freeze({}),
  allowsTool: () => true,
  allowsWorkspace: () => true,
  allowsSource: () => true,
  allowsJob: () => true,
  allowsApi: () => true,
});

/** What is not called but shows what tools answer: a family of resources, a prompt. */
export interface Showing {
  /** Names of those tools. */
  readonly shows?: readonly string[];
}

/** Resources and prompts are no way around a tool: who may not call it is not shown what it answers. */
export function allowsShowing(permit: Permit, { shows = [] }: Showing): boolean {
  return !permit.isEmpty && shows.every((name) => permit.allowsTool({ name, effect: 'read' }));
}
