import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import type { Definitions } from './definitions.ts';
import { introduction } from './identity.ts';
import { INSTRUCTIONS } from './instructions.ts';
import { resultIn } from './older-content.ts';
import { originOf } from './origin.ts';
import type { Peer, PeerSession } from './peer.ts';
import { ProtocolServer } from './protocol-server.ts';
import { serveCompletion, servePrompts, serveResources } from './serve-offer.ts';
import { guardOf, incoming, inPlace, inRounds, revisionOf, type Serving } from './serving.ts';
import { capabilitiesOf, TASKS_EXTENSION } from './tasks/extension.ts';
import { runsAsTask, serveTasks } from './tasks/serve-tasks.ts';

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
    const resolved = tools.resolve(name, request.params.arguments);
    if (resolved === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    }
    const { tool, arguments: args } = resolved;
    peer.noteTool?.(tool.name);
    const asTask = runsAsTask(tool, context);
    const counting = tool.effect === 'read' ? 'freely' : 'once';
    return inRounds(serving, context, { ...request.params, counting }, async (answered) => {
      const origin = originOf(incoming(serving, context, answered));
      const call = { tool, arguments: args, origin, capabilities: capabilitiesOf(context) };
      const result = asTask
        ? await tasks.start({ ...call, answered })
        : resultIn(revisionOf(server), await caller.call(tool, args, origin));
      return result as CallToolResult; // readonly arrays, and what the extension puts in its place
    });
  });
}

/** What a client before revision 2026-07-28 sets for its session. */
function serveSession(serving: Serving, session: PeerSession): void {
  const { server, definitions, guard } = serving;
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
    return inPlace(serving, handler, {
      uri,
      async run(call) {
        await resources.check(call, uri);
        await session.subscribe(uri);
        return {};
      },
    });
  });
  server.setRequestHandler('resources/unsubscribe', (request, handler) =>
    guard(handler, async () => {
      await session.unsubscribe(request.params.uri);
      return {};
    }),
  );
}
