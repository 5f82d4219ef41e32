import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMcpHandler, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { Changes } from '../core/changes.ts';
import type { Principal } from '../core/principal.ts';
import type { Prompt } from '../core/prompt.ts';
import type { ResourceProvider } from '../core/resource.ts';
import type { Scratch } from '../core/scratch.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Store } from '../core/store.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Tool } from '../core/tool.ts';
import { buildServer } from './build-server.ts';
import type { Definitions } from './definitions.ts';
import { ChangeBus } from './changes/change-bus.ts';
import { createDefinitions } from './create-definitions.ts';
import { DirectAnswers } from './direct-answer.ts';
import { serveEndpoint } from './endpoint.ts';
import { EventStreams } from './event-streams.ts';
import { Exchange } from './exchange.ts';
import { Hub } from './hub.ts';
import { LegacySse } from './legacy-sse/legacy-sse.ts';
import type { McpOptions } from './options.ts';
import { openRequestState } from './request-state.ts';
import { RevocationWatch } from './revocation-watch.ts';
import { exchangeIn, peerOf } from './sdk-bridge.ts';
import { EventLog } from './sessions/event-log.ts';
import { Liveness } from './sessions/liveness.ts';
import { SessionEndpoint } from './sessions/session-endpoint.ts';
import { SessionStates } from './sessions/session-state.ts';
import { SessionTokens } from './sessions/session.ts';

export { serveStreams, type StdioConnection } from './stdio.ts';
export type { StdioStreams } from './stdio-wire.ts';

export interface McpContext {
  readonly tools: readonly Tool[];
  /** Those of them that need not be listed where there are many. */
  readonly tail: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  readonly store: Store;
  readonly sealer: Sealer;
  readonly telemetry: Telemetry;
  /** Whether what the principal may do was taken away, as the store has it. */
  readonly isRevoked: (principal: Principal) => Promise<boolean>;
  readonly version: string;
  /** Of a request's body. */
  readonly bodyLimitBytes: number;
  /** Estimated tokens that one tool result may hold. */
  readonly outputTokens: number;
  /** What tools fetch with. */
  readonly fetch: typeof globalThis.fetch;
  /** Where results go that are too large. */
  readonly scratch: Scratch;
}

type Handler = (request: IncomingMessage, response: ServerResponse, next: (error: unknown) => void) => void;

export interface Mcp {
  /** Serves the endpoint behind authentication; what it cannot answer itself goes to `next` as an AppError. */
  readonly handler: Handler;
  /** The transport of revision 2024-11-05, behind authentication as well: for `/sse` and for `/messages`. */
  readonly sse: { readonly open: Handler; readonly post: Handler };
  /** Calls that run now, of tools and of all else that takes time. */
  readonly runningCalls: number;
  /** To tell every client of what has changed. */
  readonly changes: Changes;
  /** Ends the streams and cancels the calls that an authority holds which was revoked. */
  readonly revoked: (authority: string) => void;
  /** Ends the streams that would stay open for ever, so that the process can end; calls go on. */
  drain(): Promise<void>;
  /** Lets tasks end within the limit; what still runs then is ended, and shown as failed. */
  finishTasks(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

/** The MCP endpoint: every served revision of the protocol, from one set of definitions. */
export function createMcp(options: McpOptions, context: McpContext): Mcp {
  const { telemetry, bodyLimitBytes } = context;
  const shared = createShared(options, context);
  const { hub, changes, streams } = shared;
  const requestState = openRequestState(context.sealer, context.store);
  const definitions = createDefinitions(options, context, requestState, shared);
  const handler = createSdkHandler(definitions, options, telemetry);
  const direct = new DirectAnswers(definitions);
  const sessions = createSessions(options, context, { ...shared, definitions, direct });
  const { maxSubscriptions } = options.sessions;
  const parts = {
    definitions,
    direct,
    sessions,
    handler,
    changes,
    streams,
    bodyLimitBytes,
    maxSubscriptions,
  };
  const sse = new LegacySse({ ...parts, ...shared });
  const revoked = (authority: string): void => {
    streams.endOf(authority);
    definitions.calls.cancelOf(authority);
  };
  const watch = new RevocationWatch({
    ...{ everyMs: options.keepAliveMs, isRevoked: context.isRevoked, logger: telemetry.logger, end: revoked },
    holders: () => [...streams.principals(), ...definitions.calls.principals()],
  });
  return {
    handler: function mcpEndpoint(request, response, next) {
      serveEndpoint(new Exchange(request, response), parts).catch(next);
    },
    sse: {
      open: function sseStream(request, response, next) {
        sse.open(new Exchange(request, response)).catch(next);
      },
      post: function sseMessages(request, response, next) {
        sse.post(new Exchange(request, response)).catch(next);
      },
    },
    changes,
    get runningCalls() {
      return definitions.calls.count;
    },
    revoked,
    drain: () => {
      streams.finishStanding();
      return Promise.resolve();
    },
    finishTasks: (limitMs) => definitions.tasks.drain(limitMs),
    close: async () => {
      watch.close();
      await definitions.tasks.close();
      await handler.close();
      await changes.close();
      await hub.close();
    },
  };
}

/** For the messages that are not answered without the SDK. */
function createSdkHandler(
  definitions: Definitions,
  { keepAliveMs }: McpOptions,
  { logger }: Telemetry,
): McpHttpHandler {
  return createMcpHandler((request) => buildServer(definitions, peerOf(exchangeIn(request.authInfo))), {
    legacy: 'reject',
    keepAliveMs,
    onerror: (error) => {
      logger.debug({ err: error }, 'protocol error');
    },
  });
}

type Shared = ReturnType<typeof createShared>;

function createSessions(
  { streams, sessions, maxCallMs, askTimeoutMs }: McpOptions,
  { store, sealer }: McpContext,
  parts: Shared & { readonly definitions: Definitions; readonly direct: DirectAnswers },
): SessionEndpoint {
  const { hub } = parts;
  return new SessionEndpoint({
    ...parts,
    ...{ store, askTimeoutMs },
    tokens: new SessionTokens(sealer, sessions.ttlSeconds),
    states: new SessionStates(store, hub, sessions.maxSubscriptions),
    log: new EventLog(store, {
      lifetime: streams.keptSeconds + maxCallMs / 1000,
      maxEvents: streams.keptEvents,
      maxBytes: streams.keptBytes,
    }),
    streamAfterMs: streams.afterMs,
    retryMs: streams.retryMs,
    maxConnectionMs: streams.maxConnectionMs,
  });
}

/** What connects the processes of a deployment, and the clients of each. */
function createShared(options: McpOptions, { store, telemetry, resources }: McpContext) {
  const { logger, metrics } = telemetry;
  const hub = new Hub(store, logger);
  const { keptSeconds } = options.streams;
  return {
    ...{ store, logger, hub },
    liveness: new Liveness(store, hub.self, logger),
    changes: new ChangeBus({ store, hub, logger, resources, keptSeconds }),
    streams: new EventStreams(options, { count: (kind) => metrics.streamOpened(kind) }),
  };
}
