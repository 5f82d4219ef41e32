import type { Asker } from './asker.ts';
import type { Content } from './content.ts';
import type { Icon } from './icon.ts';
import type { Showing } from './permit.ts';
import type { ResourceContext } from './resource.ts';
import type { Scope } from './scopes.ts';

export interface PromptArgument {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly required: boolean;
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant';
  readonly content: Content;
}

/** A task that a person picks in the client, worded so that the tools of this server can do it. */
export interface Prompt extends Showing {
  /** snake_case, permanent. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Those of the tools that the task needs; a principal without them does not see it. */
  readonly scopes: readonly Scope[];
  readonly arguments: readonly PromptArgument[];
  readonly icons?: readonly Icon[];
  /** All required arguments are present. */
  get(
    context: ResourceContext & Asker,
    values: Readonly<Record<string, string>>,
  ): Promise<readonly PromptMessage[]>;
  /** Values for an argument that start with what was typed, best first. */
  complete(context: ResourceContext, argument: string, typed: string): Promise<readonly string[]>;
}
