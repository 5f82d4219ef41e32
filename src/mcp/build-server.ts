import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ServerOptions,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { ResourceContents } from '../core/content.ts';
import type { JsonObject } from '../core/json.ts';
import type { ResourceContext } from '../core/resource.ts';
import type { CallMeter } from './call-meter.ts';
import type { ToolCaller } from './call-tool.ts';
import { capabilitiesIn, missingIn } from './capabilities.ts';
import { introduction, type ServerIdentity } from './identity.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { peerOfMessage } from './message-trace.ts';
import { contentIn, resultIn } from './older-content.ts';
import { askerOf, type Incoming, originOf } from './origin.ts';
import type { Peer, PeerSession } from './peer.ts';
import type { PromptCatalog } from './prompt-catalog.ts';
import { protocolError } from './protocol-error.ts';
import { ProtocolServer } from './protocol-server.ts';
import type { ResourceCatalog } from './resource-catalog.ts';
import type { RequestStates } from './request-state.ts';
import { type Answers, InputNeeded } from './rounds.ts';
import { capabilitiesOf, TASKS_EXTENSION } from './tasks/extension.ts';
import { runsAsTask, serveTasks } from './tasks/serve-tasks.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { ToolCatalog } from './tool-catalog.ts';

export interface Definitions {
  readonly identity: ServerIdentity;
  readonly tools: ToolCatalog;
  readonly resources: ResourceCatalog;
  readonly prompts: PromptCatalog;
  readonly meter: CallMeter;
  readonly caller: ToolCaller;
  readonly tasks: Tasks;
  readonly requestState: RequestStates;
  /** How long clients may keep lists of what the server offers, and what resources there are and hold. */
  readonly listTtlMs: number;
  readonly resourceTtlMs: number;
  /** How long a person may think about a question to a client before revision 2026-07-28, in milliseconds. */
  readonly askTimeoutMs: number;
}

// An agent needs to see few completions; the protocol's bound is 100 (server/utilities/completion).
const MAX_COMPLETIONS = 100;

/** An SDK server for one peer, over the shared definitions. */
export function buildServer(definitions: Definitions, peer: Peer): ProtocolServer {
  const { identity, resources, prompts } = definitions;
  const server = new ProtocolServer(peer.isAcquainted === true ? { ...identity } : introduction(identity), {
    instructions: INSTRUCTIONS,
    capabilities: offered(definitions, peer),
    cacheHints: cacheHintsOf(definitions),
  });
  const serving: Serving = { server, definitions, peer, guard: guardOf(peer) };
  serveTools(serving);
  if (!resources.isEmpty) serveResources(serving);
  if (!prompts.isEmpty) servePrompts(serving);
  if (!resources.isEmpty || !prompts.isEmpty) serveCompletion(serving);
  if (peer.session !== undefined) serveSession(serving, peer.session);
  if (isModern(peer)) serveTasks(server, definitions.tasks, serving.guard);
  return server;
}

function offered(
  { resources, prompts }: Definitions,
  peer: Peer,
): NonNullable<ServerOptions['capabilities']> {
  const completes = !resources.isEmpty || !prompts.isEmpty;
  return {
    tools: { listChanged: true },
    logging: {},
    ...(resources.isEmpty ? {} : { resources: { listChanged: true, subscribe: true } }),
    ...(prompts.isEmpty ? {} : { prompts: { listChanged: true } }),
    ...(completes ? { completions: {} } : {}),
    ...(isModern(peer) ? { extensions: { [TASKS_EXTENSION]: {} } } : {}),
  };
}

/** Earlier revisions have sessions. */
function isModern({ session }: Peer): boolean {
  return session === undefined;
}

/** What is listed and read depends on the principal; each of these has to carry hints (server/utilities/caching). */
function cacheHintsOf({ listTtlMs, resourceTtlMs }: Definitions): NonNullable<ServerOptions['cacheHints']> {
  const offered = { ttlMs: listTtlMs, cacheScope: 'private' } as const;
  const held = { ttlMs: resourceTtlMs, cacheScope: 'private' } as const;
  return {
    'tools/list': offered,
    'prompts/list': offered,
    'resources/templates/list': offered,
    'resources/list': held,
    'resources/read': held,
    'server/discover': { ttlMs: listTtlMs, cacheScope: 'public' },
  };
}

interface Serving {
  readonly server: ProtocolServer;
  readonly definitions: Definitions;
  readonly peer: Peer;
  readonly guard: Guard;
}

function incoming(
  { server, definitions, peer }: Serving,
  context: ServerContext,
  earlier: Answers,
): Incoming {
  return {
    peer,
    context,
    earlier,
    /* eslint-disable @typescript-eslint/no-deprecated -- asked only where a session has declared them */
    sessionCapabilities: () => capabilitiesIn(revisionOf(server), { ...server.getClientCapabilities() }),
    /* eslint-enable @typescript-eslint/no-deprecated */
    askTimeoutMs: definitions.askTimeoutMs,
  };
}

function revisionOf(server: ProtocolServer): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way to know it in both eras
  return server.getNegotiatedProtocolVersion() ?? '';
}

function serveTools(serving: Serving): void {
  const { server, definitions, peer, guard } = serving;
  const { tools, caller, tasks } = definitions;
  server.setRequestHandler('tools/list', (request, handler) =>
    guard(handler, ({ principal }) => {
      const { items, ...rest } = tools.page(principal, request.params?.cursor);
      return { tools: [...items], ...rest };
    }),
  );
  server.setRequestHandler('tools/call', async (request, context) => {
    const { name } = request.params;
    const tool = tools.find(name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    peer.noteTool?.(name);
    const asTask = runsAsTask(tool, context);
    return inRounds(serving, context, request.params, async (earlier) => {
      const origin = originOf(incoming(serving, context, earlier));
      const { arguments: args } = request.params;
      const call = { tool, arguments: args, origin, capabilities: capabilitiesOf(context) };
      const result = asTask
        ? await tasks.start({ ...call, answers: { ...earlier, ...context.mcpReq.inputResponses } })
        : resultIn(revisionOf(server), await caller.call(tool, args, origin));
      return result as CallToolResult; // readonly arrays, and what the extension puts in its place
    });
  });
}

/** Answers a call that has to ask first with its questions, and with what it needs to be run again. */
async function inRounds<T>(
  { definitions: { requestState }, peer: { principal } }: Serving,
  { mcpReq }: ServerContext,
  { name, arguments: values }: { readonly name: string; readonly arguments?: JsonObject | undefined },
  work: (earlier: Answers) => Promise<T>,
): Promise<T | InputRequiredResult> {
  const { subject, clientId } = principal;
  const binding = { subject, clientId, method: mcpReq.method, target: name, arguments: values };
  const given = mcpReq.requestState<string>();
  const earlier = given === undefined ? {} : (await requestState.verify(given, binding)).answers;
  try {
    return await work(earlier);
  } catch (error) {
    if (!(error instanceof InputNeeded)) throw error;
    const envelope: Readonly<Record<string, unknown>> | undefined = mcpReq.envelope;
    const declared = envelope?.[CLIENT_CAPABILITIES_META_KEY];
    const missing = missingIn((declared ?? {}) as JsonObject, error.requests);
    // The SDK would name the first of them only.
    if (missing !== undefined)
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing });
    const state = await requestState.mint({ answers: error.answers }, binding);
    // The methods of a ClientRequest are those of an InputRequest; its parameters are the protocol's own.
    const inputRequests = error.requests as NonNullable<InputRequiredResult['inputRequests']>;
    return inputRequired({ inputRequests, requestState: state });
  }
}

/** Runs the work of a request other than a tool call; what it throws leaves as a protocol error. */
type Guard = <T>(
  handler: ServerContext,
  work: (context: ResourceContext) => Promise<T> | T,
  uri?: string,
) => Promise<T>;

function guardOf(peer: Peer): Guard {
  return async (handler, work, uri) => {
    try {
      return await work({ principal: peer.principal, signal: handler.mcpReq.signal });
    } catch (error) {
      const { requestId, logger } = peerOfMessage(peer, handler.mcpReq._meta);
      throw protocolError(error, {
        requestId,
        logger,
        ...(uri === undefined ? {} : { uri }),
      });
    }
  };
}

function serveResources({ server, definitions, guard }: Serving): void {
  const { resources } = definitions;
  server.setRequestHandler('resources/list', (request, handler) =>
    guard(handler, async (context) => {
      const { items, ...rest } = await resources.page(context, request.params?.cursor);
      return { resources: [...items], ...rest };
    }),
  );
  server.setRequestHandler('resources/templates/list', (request, handler) =>
    guard(handler, ({ principal }) => {
      const { items, ...rest } = resources.templates(principal, request.params?.cursor);
      return { resourceTemplates: [...items], ...rest };
    }),
  );
  server.setRequestHandler('resources/read', (request, handler) => {
    const { uri } = request.params;
    const read = async (context: ResourceContext): Promise<{ contents: ResourceContents[] }> => {
      await definitions.meter.begin(context.principal);
      return { contents: [...(await resources.read(context, uri))] };
    };
    return guard(handler, read, uri);
  });
}

function servePrompts(serving: Serving): void {
  const { server, definitions, guard } = serving;
  const { prompts } = definitions;
  server.setRequestHandler('prompts/list', (request, handler) =>
    guard(handler, ({ principal }) => {
      const { items, ...rest } = prompts.page(principal, request.params?.cursor);
      return { prompts: [...items], ...rest };
    }),
  );
  server.setRequestHandler('prompts/get', (request, handler) => {
    const { name, arguments: values = {} } = request.params;
    return inRounds(serving, handler, request.params, (earlier) =>
      guard(handler, async (context) => {
        await definitions.meter.begin(context.principal);
        const asker = askerOf(incoming(serving, handler, earlier));
        const asking = { ...context, canAsk: asker.canAsk.bind(asker), ask: asker.ask.bind(asker) };
        const { description, messages } = await prompts.get(asking, name, values);
        const revision = revisionOf(server);
        return {
          description,
          messages: messages.map(({ role, content }) => ({ role, content: contentIn(revision, content) })),
        };
      }),
    );
  });
}

function serveCompletion({ server, definitions, guard }: Serving): void {
  const { resources, prompts } = definitions;
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

/** What a client before revision 2026-07-28 sets for its session. */
function serveSession({ server, definitions, guard }: Serving, session: PeerSession): void {
  server.setRequestHandler('logging/setLevel', (request, handler) =>
    guard(handler, async () => {
      await session.setLogLevel(request.params.level);
      return {};
    }),
  );
  const { resources } = definitions;
  if (resources.isEmpty) return;
  server.setRequestHandler('resources/subscribe', (request, handler) => {
    const { uri } = request.params;
    const subscribe = async (context: ResourceContext): Promise<object> => {
      await resources.check(context, uri);
      await session.subscribe(uri);
      return {};
    };
    return guard(handler, subscribe, uri);
  });
  server.setRequestHandler('resources/unsubscribe', (request, handler) =>
    guard(handler, async () => {
      await session.unsubscribe(request.params.uri);
      return {};
    }),
  );
}
