import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
  type RequestStateCodec,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Asker } from '../core/asker.ts';
import type { ResourceContext } from '../core/resource.ts';
import type { JsonObject } from '../core/json.ts';
import type { ToolCaller } from './call-tool.ts';
import type { Exchange } from './exchange.ts';
import { INSTRUCTIONS } from './instructions.ts';
import type { PromptCatalog } from './prompt-catalog.ts';
import { protocolError } from './protocol-error.ts';
import type { ResourceCatalog } from './resource-catalog.ts';
import type { RequestState } from './request-state.ts';
import { InputNeeded, noAsker, Rounds } from './rounds.ts';
import type { CallOrigin } from './running-call.ts';
import type { ToolCatalog } from './tool-catalog.ts';

export interface ServerIdentity {
  readonly name: string;
  readonly title: string;
  readonly version: string;
}

export interface Definitions {
  readonly identity: ServerIdentity;
  readonly tools: ToolCatalog;
  readonly resources: ResourceCatalog;
  readonly prompts: PromptCatalog;
  readonly caller: ToolCaller;
  readonly requestState: RequestStateCodec<RequestState>;
  readonly listTtlMs: number;
}

/**
 * The SDK's low-level server: the high-level one registers and converts every tool for every instance,
 * cannot page, and turns protocol errors of handlers into tool results.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so for common use, kept for advanced use
const LowLevelServer = Server;
type LowLevelServer = InstanceType<typeof LowLevelServer>;

// An agent needs to see few completions; the protocol's bound is 100 (server/utilities/completion).
const MAX_COMPLETIONS = 100;

/** An SDK server for one exchange, over the shared definitions. */
export function buildServer(definitions: Definitions, exchange: Exchange): LowLevelServer {
  const { identity, resources, prompts, listTtlMs } = definitions;
  const completes = !resources.isEmpty || !prompts.isEmpty;
  const server = new LowLevelServer(
    { ...identity },
    {
      instructions: INSTRUCTIONS,
      requestState: { verify: (state, context) => definitions.requestState.verify(state, context) },
      capabilities: {
        tools: {},
        logging: {},
        ...(resources.isEmpty ? {} : { resources: {} }),
        ...(prompts.isEmpty ? {} : { prompts: {} }),
        ...(completes ? { completions: {} } : {}),
      },
      cacheHints: {
        // What is listed depends on the principal's scopes.
        'tools/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'prompts/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'resources/templates/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'server/discover': { ttlMs: listTtlMs, cacheScope: 'public' },
      },
    },
  );
  serveTools(server, definitions, exchange);
  const guard = guardOf(exchange);
  if (!resources.isEmpty) serveResources(server, resources, exchange, guard);
  if (!prompts.isEmpty) servePrompts(server, definitions, exchange, guard);
  if (completes) serveCompletion(server, definitions, guard);
  return server;
}

function serveTools(server: LowLevelServer, definitions: Definitions, exchange: Exchange): void {
  const { tools, caller } = definitions;
  server.setRequestHandler('tools/list', (request) => {
    if (request.params?.cursor !== undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The cursor is not one that a page has given');
    }
    return { tools: [...tools.visibleTo(exchange.principal.scopes).tools] };
  });
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name } = request.params;
    const tool = tools.find(name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    exchange.context.tool = name;
    return inRounds(definitions, context, async () => {
      const result = await caller.call(tool, request.params.arguments, originOf(exchange, context));
      return result as CallToolResult; // readonly arrays are all that differs
    });
  });
}

/** Answers a call that has to ask first with its questions, and with what it needs to be run again. */
async function inRounds<T>(
  { requestState }: Definitions,
  context: ServerContext,
  work: () => Promise<T>,
): Promise<T | InputRequiredResult> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputNeeded)) throw error;
    const state = await requestState.mint({ answers: error.answers }, context);
    // The methods of a ClientRequest are those of an InputRequest; its parameters are the protocol's own.
    const inputRequests = error.requests as NonNullable<InputRequiredResult['inputRequests']>;
    return inputRequired({ inputRequests, requestState: state });
  }
}

function askerOf(exchange: Exchange, { mcpReq }: ServerContext): Asker {
  if (exchange.header('mcp-method') === undefined) return noAsker;
  const earlier = mcpReq.requestState<RequestState>()?.answers;
  const envelope: Readonly<Record<string, unknown>> = mcpReq.envelope ?? {};
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY];
  return new Rounds(isObject(capabilities) ? capabilities : {}, { ...earlier, ...mcpReq.inputResponses });
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}

function originOf(exchange: Exchange, context: ServerContext): CallOrigin {
  const { signal, notify, _meta: meta } = context.mcpReq;
  const progressToken = meta?.progressToken;
  // A notification that cannot be delivered any more is no fault of the call.
  const dropped = (error: unknown): void => {
    exchange.context.logger.debug({ err: error }, 'notification dropped');
  };
  return {
    principal: exchange.principal,
    requestId: exchange.context.id,
    logger: exchange.context.logger,
    asker: askerOf(exchange, context),
    onCancel(listener) {
      if (signal.aborted) listener();
      signal.addEventListener('abort', listener, { once: true });
      return () => {
        signal.removeEventListener('abort', listener);
      };
    },
    // The SDK sends what the client asked for: its level, or in revision 2026-07-28 nothing unasked.
    onLog(level, data) {
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients of every served revision still offer it
      context.mcpReq.log(level, data).catch(dropped);
    },
    ...(progressToken === undefined
      ? {}
      : {
          onProgress(progress: number, total?: number, message?: string) {
            const params = {
              progressToken,
              progress,
              ...(total === undefined ? {} : { total }),
              ...(message === undefined ? {} : { message }),
            };
            notify({ method: 'notifications/progress', params }).catch(dropped);
          },
        }),
  };
}

/** Runs the work of a request other than a tool call; what it throws leaves as a protocol error. */
type Guard = <T>(
  handler: ServerContext,
  work: (context: ResourceContext) => Promise<T>,
  uri?: string,
) => Promise<T>;

function guardOf({ principal, context }: Exchange): Guard {
  return async (handler, work, uri) => {
    try {
      return await work({ principal, signal: handler.mcpReq.signal });
    } catch (error) {
      throw protocolError(error, {
        requestId: context.id,
        logger: context.logger,
        ...(uri === undefined ? {} : { uri }),
      });
    }
  };
}

function serveResources(
  server: LowLevelServer,
  resources: ResourceCatalog,
  exchange: Exchange,
  guard: Guard,
): void {
  server.setRequestHandler('resources/list', (request, handler) =>
    guard(handler, async (context) => {
      const page = await resources.list(context, request.params?.cursor);
      return { ...page, resources: [...page.resources] };
    }),
  );
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: resources.templates(exchange.principal.scopes),
  }));
  server.setRequestHandler('resources/read', (request, handler) => {
    const { uri } = request.params;
    return guard(handler, async (context) => ({ contents: [...(await resources.read(context, uri))] }), uri);
  });
}

function servePrompts(
  server: LowLevelServer,
  definitions: Definitions,
  exchange: Exchange,
  guard: Guard,
): void {
  const { prompts } = definitions;
  server.setRequestHandler('prompts/list', () => ({ prompts: prompts.list(exchange.principal.scopes) }));
  server.setRequestHandler('prompts/get', (request, handler) => {
    const { name, arguments: values = {} } = request.params;
    const asker = askerOf(exchange, handler);
    return inRounds(definitions, handler, () =>
      guard(handler, async (context) => {
        const asking = { ...context, canAsk: asker.canAsk.bind(asker), ask: asker.ask.bind(asker) };
        const { description, messages } = await prompts.get(asking, name, values);
        return { description, messages: [...messages] };
      }),
    );
  });
}

function serveCompletion(server: LowLevelServer, { resources, prompts }: Definitions, guard: Guard): void {
  server.setRequestHandler('completion/complete', (request, handler) =>
    guard(handler, async (context) => {
      const { ref, argument } = request.params;
      const values =
        ref.type === 'ref/resource'
          ? await resources.complete(context, ref.uri, argument)
          : await prompts.complete(context, ref.name, argument);
      return {
        completion: { values: values.slice(0, MAX_COMPLETIONS), hasMore: values.length > MAX_COMPLETIONS },
      };
    }),
  );
}
