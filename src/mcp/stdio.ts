import { randomUUID } from 'node:crypto';
import type { ProtocolEra } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { UNRESTRICTED } from '../core/permit.ts';
import type { Principal } from '../core/principal.ts';
import { ALL_SCOPES, ScopeSet } from '../core/scopes.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Store } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';
import { buildServer } from './build-server.ts';
import type { Definitions } from './definitions.ts';
import { ChangeBus } from './changes/change-bus.ts';
import { ConnectionSession, type Notify } from './connection-session.ts';
import { createDefinitions, type Offer } from './create-definitions.ts';
import { Hub } from './hub.ts';
import { ListenedChanges } from './listened-changes.ts';
import type { McpOptions } from './options.ts';
import type { Peer } from './peer.ts';
import { openRequestState } from './request-state.ts';
import { Liveness } from './sessions/liveness.ts';
import { type StdioStreams, StdioWire } from './stdio-wire.ts';

export interface StdioContext extends Offer {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Of one message. */
  readonly messageLimitBytes: number;
}

export interface StdioConnection {
  /** Settles when either side has closed. Rejects with `BODY_TOO_LARGE` when the client went beyond the bound. */
  readonly closed: Promise<void>;
  /** Cancels what runs and closes. */
  close(): Promise<void>;
}

/** Whoever has started this process can do what the process can. */
const LOCAL: Principal = Object.freeze({
  subject: 'local',
  clientId: 'stdio',
  scopes: ScopeSet.of(ALL_SCOPES),
  permit: UNRESTRICTED,
  authority: 'stdio',
  expiresAt: Number.MAX_SAFE_INTEGER,
});

/** Nobody resumes a connection: nothing has to be kept for longer than it takes to tell it. */
const CHANGES_KEPT_SECONDS = 60;

/** Serves one client over a pair of streams: every revision, from the definitions of the HTTP endpoint. */
export function serveStreams(
  options: McpOptions,
  context: StdioContext,
  streams: StdioStreams,
): StdioConnection {
  const { store, telemetry, resources } = context;
  const requestId = randomUUID();
  const logger = telemetry.logger.child({ requestId });
  const hub = new Hub(store, logger);
  const changes = new ChangeBus({ store, hub, logger, resources, keptSeconds: CHANGES_KEPT_SECONDS });
  const liveness = new Liveness(store, hub.self, logger);
  const requestState = openRequestState(context.sealer, store);
  const shared = { store, hub, liveness, logger };
  const definitions = createDefinitions(options, context, requestState, shared);
  const { maxSubscriptions } = options.sessions;
  const client = new StdioClient(definitions, {
    ...{ changes, maxSubscriptions, requestId, logger },
  });
  const listened = new ListenedChanges(changes, client.tell);
  const wire = new StdioWire(streams, context.messageLimitBytes, listened);
  const connection = serveStdio(({ era }) => client.serverFor(era), {
    transport: wire,
    maxSubscriptions,
    onerror: (error) => {
      // What a line that is no message lacks would fill pages.
      logger.debug(error.name === 'ZodError' ? {} : { err: error }, 'protocol error');
    },
  });
  return {
    closed: wire.closed,
    close: async () => {
      await connection.close();
      await definitions.tasks.close();
      client.close();
      listened.close();
      await changes.close();
      await hub.close();
    },
  };
}

interface ClientContext {
  readonly changes: ChangeBus;
  readonly maxSubscriptions: number;
  readonly requestId: string;
  readonly logger: Logger;
}

/** The client, once its first message has told which era of the protocol it speaks. */
class StdioClient {
  readonly #definitions: Definitions;
  readonly #context: ClientContext;
  #server: ReturnType<typeof buildServer> | undefined;
  #session: ConnectionSession | undefined;

  constructor(definitions: Definitions, context: ClientContext) {
    this.#definitions = definitions;
    this.#context = context;
  }

  /** May be called again: a client that first asks for what there is can go on in another era. */
  serverFor(era: ProtocolEra): ReturnType<typeof buildServer> {
    const { changes, maxSubscriptions, requestId, logger } = this.#context;
    const peer: Peer = { principal: LOCAL, requestId, isConnection: true, logger };
    this.close();
    if (era === 'modern') {
      this.#server = buildServer(this.#definitions, { ...peer, isAcquainted: true });
    } else {
      this.#session = new ConnectionSession({ changes, maxSubscriptions, notify: this.tell });
      this.#server = buildServer(this.#definitions, { ...peer, session: this.#session });
    }
    return this.#server;
  }

  readonly tell: Notify = (notification) => {
    this.#server?.notification(notification).catch((error: unknown) => {
      this.#context.logger.debug({ err: error }, 'notification dropped');
    });
  };

  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }
}
