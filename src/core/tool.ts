import * as z from 'zod';
import { type Aliases, ArgumentParser } from './arguments.ts';
import type { Asker } from './asker.ts';
import type { OutputBudget } from './budget.ts';
import { checkDeclaration, type EFFECTS } from './check-declaration.ts';
import type { Content } from './content.ts';
import type { Icon } from './icon.ts';
import type { JsonObject } from './json.ts';
import { withParamHeaders } from './param-headers.ts';
import type { Principal } from './principal.ts';
import type { Errand, Form, FormAnswer, Root, Sample, SamplingRequest } from './questions.ts';
import type { Scope } from './scopes.ts';
import type { Kept, KeptFile } from './scratch.ts';
import type { Logger } from './telemetry.ts';
import type { TraceContext } from './trace-context.ts';

/** `read` changes nothing, `write` adds without losing, `destroy` may lose what was there. */
export type Effect = (typeof EFFECTS)[number];

/** What a running call can reach beyond its arguments. */
export interface ToolCall extends Asker {
  readonly principal: Principal;
  /** Aborts when the caller cancels or goes away, and at the deadline. Work, child processes included, ends with it. */
  readonly signal: AbortSignal;
  /** Tells a caller that asked for it how far the work is. `total` where it is known. */
  progress(done: number, total?: number, message?: string): void;
  /** Sends a log line to the client that asked for this level of them (and to the server's own log at debug). */
  log(level: 'debug' | 'info' | 'notice' | 'warning' | 'error', data: unknown): void;
  /** Asks the client's person to fill in a form: {@link elicit}. */
  elicit<F extends z.ZodObject>(key: string, form: Form<F>): Promise<FormAnswer<z.output<F>>>;
  /** Sends the client's person to a page: {@link elicitUrl}. */
  elicitUrl(key: string, errand: Errand): Promise<'accept' | 'decline' | 'cancel'>;
  /** Has the client's model write a message. */
  createMessage(key: string, request: SamplingRequest): Promise<Sample>;
  /** The folders that the client works on. */
  listRoots(key: string): Promise<readonly Root[]>;
  /**
   * The trace that the client records, with this call as the parent of what it makes others do: hand it on
   * with {@link traceHeaders}, to the operator's own services only. Undefined where there is none.
   */
  readonly trace: TraceContext | undefined;
  /** The server's own log, with the request's id. Never log argument values. */
  readonly logger: Logger;
  /** How much the result may still say. */
  readonly budget: OutputBudget;
  /**
   * Fetches from public addresses only, never from this network, within bounds of time and size. Redirects are
   * answered, not followed. As the platform's `fetch`, but for what it throws: `URL_BLOCKED`, `TIMEOUT`,
   * `FILE_TOO_LARGE`, `SOURCE_UNAVAILABLE`.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Puts away what the result cannot hold, for the caller to read in pages or to query. */
  keep(kept: Kept): Promise<KeptFile>;
}

export interface ToolResult {
  readonly content: readonly Content[];
  /** Present exactly when the tool declares an output schema. */
  readonly structuredContent?: JsonObject;
}

export type TaskSupport = 'never' | 'optional' | 'required';

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
  readonly icons?: readonly Icon[];
  /**
   * Parameters that clients of revision 2026-07-28 repeat as a header `Mcp-Param-<name>`, so that a balancer
   * can route on them: parameter to `<name>`. Strings, integers and booleans only, never a secret. They are
   * taken as written, with no alias and no leniency: what the balancer judged by is what runs.
   */
  readonly paramHeaders?: Readonly<Record<string, string>>;
  /**
   * Whether a call may be answered at once with a task that the client polls (extension
   * `io.modelcontextprotocol/tasks`): `never`, `optional` for clients that declare the extension, `required`
   * to refuse the others. Default `never`.
   */
  readonly task?: TaskSupport;
  /**
   * Asks what a task must not begin without, as long as the client still waits for the answer to its call.
   * `run` asks it again, under the same keys, and gets these answers; a call that is no task asks there only.
   */
  askFirst?(asker: Asker, args: z.infer<I>): Promise<void>;
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
  /** JSON Schema 2020-12, shown to clients as it stands; `type` is `object`. */
  readonly inputSchema: JsonObject;
  /** As the input's. What the tool answers fits it. */
  readonly outputSchema: JsonObject | undefined;
  readonly timeoutMs: number;
  readonly icons: readonly Icon[];
  readonly task: TaskSupport;
  /**
   * Checks the arguments and answers the work still to be done.
   *
   * @throws AppError `INVALID_ARGUMENT`
   */
  bind(rawArguments: unknown): (call: ToolCall) => Promise<ToolResult>;
  /** Asks what has to be known before the call becomes a task; the answers are those that the work gets. */
  askFirst?(asker: Asker, rawArguments: unknown): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** What {@link defineTool} has made. */
const defined = new WeakSet();

/** Whether it was declared with {@link defineTool}: what was put together by hand was not checked. */
export function isDefinedTool(value: unknown): value is Tool {
  return typeof value === 'object' && value !== null && defined.has(value);
}

/**
 * Declares a tool. What is wrong with a declaration is thrown here, at start-up, not at the first call:
 * a name that is not snake_case, an unknown scope, a parameter without a description, a union in a schema, a
 * header that clients would refuse.
 */
export function defineTool<I extends z.ZodObject, O extends z.ZodObject>(
  definition: ToolDefinition<I, O>,
): Tool {
  const { name, title, description, scopes, effect } = definition;
  checkDeclaration(definition);
  const { paramHeaders = {}, output } = definition;
  const inputSchema = jsonSchema(name, definition.input.strict(), 'input');
  const parser = new ArgumentParser(name, definition.input, definition.aliases, Object.keys(paramHeaders));
  const tool: Tool = Object.freeze({
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
    inputSchema: withParamHeaders(name, inputSchema, paramHeaders),
    outputSchema: output && jsonSchema(name, output, 'output'),
    timeoutMs: definition.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    icons: definition.icons ?? [],
    task: definition.task ?? 'never',
    bind(rawArguments: unknown) {
      const args = parser.parse(rawArguments);
      return async (call: ToolCall) => {
        const result = await definition.run(call, args);
        return output === undefined ? result : fitting(name, output, result);
      };
    },
    async askFirst(asker: Asker, rawArguments: unknown) {
      await definition.askFirst?.(asker, parser.parse(rawArguments));
    },
  });
  defined.add(tool);
  return tool;
}

/**
 * What a tool answers fits what it has declared (MCP 2026-07-28, server/tools, "Output Schema": a MUST).
 * A tool that does not keep to it is at fault: no AppError, so the caller is told no more than `INTERNAL`.
 */
function fitting(tool: string, output: z.ZodObject, result: ToolResult): ToolResult {
  const checked = output.safeParse(result.structuredContent);
  if (checked.success) return { ...result, structuredContent: checked.data };
  // Paths and codes of the problems: their messages may repeat what the tool was given.
  const problems = checked.error.issues.map(({ path, code }) => `${path.map(String).join('.')} ${code}`);
  throw new Error(`Tool "${tool}" answered what its output schema does not allow: ${problems.join(', ')}`);
}

function jsonSchema(tool: string, schema: z.ZodObject, io: 'input' | 'output'): JsonObject {
  const document = z.toJSONSchema(schema, { io, override: saySparely });
  // Without it 2020-12 is meant (MCP 2025-11-25 and later, basic, "JSON Schema Usage"), and each word of a schema
  // is paid for by every model that reads it.
  delete document.$schema;
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

/** Keys of JSON objects are strings; nobody has to say so. */
function saySparely({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  const { propertyNames } = jsonSchema;
  if (typeof propertyNames === 'object' && JSON.stringify(propertyNames) === '{"type":"string"}') {
    delete jsonSchema.propertyNames;
  }
}
