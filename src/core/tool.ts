import * as z from 'zod';
import { type Aliases, ArgumentParser } from './arguments.ts';
import type { Asker } from './asker.ts';
import type { OutputBudget } from './budget.ts';
import type { Content } from './content.ts';
import type { JsonObject } from './json.ts';
import type { Principal } from './principal.ts';
import type { Scope } from './scopes.ts';
import type { Logger } from './telemetry.ts';

/** `read` changes nothing, `write` adds without losing, `destroy` may lose what was there. */
export type Effect = 'read' | 'write' | 'destroy';

/** What a running call can reach beyond its arguments. */
export interface ToolCall extends Asker {
  readonly principal: Principal;
  /** Aborts when the caller cancels or goes away, and at the deadline. Work, child processes included, ends with it. */
  readonly signal: AbortSignal;
  /** Tells a caller that asked for it how far the work is. `total` where it is known. */
  progress(done: number, total?: number, message?: string): void;
  /** Sends a log line to the client that asked for this level of them (and to the server's own log at debug). */
  log(level: 'debug' | 'info' | 'notice' | 'warning' | 'error', data: unknown): void;
  /** The server's own log, with the request's id. Never log argument values. */
  readonly logger: Logger;
  /** How much the result may still say. */
  readonly budget: OutputBudget;
}

export interface ToolResult {
  readonly content: readonly Content[];
  /** Present exactly when the tool declares an output schema. */
  readonly structuredContent?: JsonObject;
}

export interface ToolDefinition<I extends z.ZodObject, O extends z.ZodObject = z.ZodObject> {
  /** `verb_noun` in snake_case, permanent, without version. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** One paragraph for the model: what the tool does, when to take it, what it answers. Never changes between calls. */
  readonly description: string;
  /** All of these are needed; none means that any valid token will do. */
  readonly scopes: readonly Scope[];
  readonly effect: Effect;
  /** Calling twice with the same arguments changes nothing more. Default: true for `read`, else false. */
  readonly idempotent?: boolean;
  /** Reaches beyond the operator's own systems. Default false. */
  readonly openWorld?: boolean;
  /** Each field has a `.describe()`; no unions, as not every client can offer them to its model. */
  readonly input: I;
  /** Where the result is data. */
  readonly output?: O;
  /** Further names under which models send a parameter, beside the common ones. */
  readonly aliases?: Aliases;
  /** Milliseconds after which the call is ended. Default 30 000. */
  readonly timeoutMs?: number;
  run(call: ToolCall, args: z.infer<I>): Promise<ToolResult>;
}

/** A tool as the rest of the service sees it: no type parameters, so a list of them needs no casts. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly effect: Effect;
  readonly annotations: {
    readonly title: string;
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | undefined;
  readonly timeoutMs: number;
  /**
   * Checks the arguments and answers the work still to be done.
   *
   * @throws AppError `INVALID_ARGUMENT`
   */
  bind(rawArguments: unknown): (call: ToolCall) => Promise<ToolResult>;
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Declares a tool. What is wrong with a declaration is thrown here, at start-up, not at the first call:
 * a name that is not snake_case, a parameter without a description, a union in a schema.
 */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(
  definition: ToolDefinition<I, O>,
): Tool {
  const { name, title, description, scopes, effect } = definition;
  if (!NAME.test(name)) throw new TypeError(`Tool name "${name}" is not verb_noun in snake_case`);
  const inputSchema = jsonSchema(name, definition.input.strict(), 'input');
  const parser = new ArgumentParser(name, definition.input, definition.aliases);
  return Object.freeze({
    name,
    title,
    description,
    scopes,
    effect,
    annotations: {
      title,
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destroy',
      idempotentHint: definition.idempotent ?? effect === 'read',
      openWorldHint: definition.openWorld ?? false,
    },
    inputSchema,
    outputSchema: definition.output && jsonSchema(name, definition.output, 'output'),
    timeoutMs: definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    bind(rawArguments: unknown) {
      const args = parser.parse(rawArguments);
      return (call: ToolCall) => definition.run(call, args);
    },
  });
}

function jsonSchema(tool: string, schema: z.ZodObject, io: 'input' | 'output'): JsonObject {
  const document: JsonObject = z.toJSONSchema(schema, { io });
  for (const [key, field] of Object.entries(schema.shape)) {
    if ((field as z.ZodType).description === undefined) {
      throw new TypeError(`Tool "${tool}": the ${io} field "${key}" has no description`);
    }
  }
  if (/"(anyOf|oneOf|allOf)":|"type":\[/.test(JSON.stringify(document))) {
    throw new TypeError(`Tool "${tool}": the ${io} schema holds a union`);
  }
  return document;
}
