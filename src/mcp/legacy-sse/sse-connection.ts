import { buildServer } from '../build-server.ts';
import type { Definitions } from '../definitions.ts';
import type { ChangeBus } from '../changes/change-bus.ts';
import { ConnectionSession } from '../connection-session.ts';
import type { EventStream } from '../event-stream.ts';
import type { EventStreams } from '../event-streams.ts';
import type { Exchange } from '../exchange.ts';
import type { Letter, Mailbox } from './mailbox.ts';
import { SseTransport } from './sse-transport.ts';
import { StreamAuthority } from './stream-authority.ts';

export interface ConnectionParts {
  readonly definitions: Definitions;
  readonly streams: EventStreams;
  readonly changes: ChangeBus;
  readonly maxSubscriptions: number;
}

/** One client and its stream, from the `endpoint` event to the last: an SDK server of its own. */
export class SseConnection {
  readonly #authority: StreamAuthority;
  readonly #stream: EventStream;
  readonly #transport: SseTransport;
  readonly #session: ConnectionSession;
  readonly #server: ReturnType<typeof buildServer>;
  #isDraining = false;

  /** @throws AppError `BUSY` when the principal has too many streams */
  constructor(exchange: Exchange, parts: ConnectionParts) {
    const { definitions, streams, changes, maxSubscriptions } = parts;
    const { response, context } = exchange;
    const { id: requestId, logger } = context;
    const authority = new StreamAuthority(exchange.principal);
    this.#authority = authority;
    this.#stream = streams.openStanding(response, { kind: 'sse', principal: authority }, () => {
      this.#finish();
    });
    this.#transport = new SseTransport(this.#stream, () => {
      this.#endIfDue();
    });
    this.#session = new ConnectionSession({
      changes,
      maxSubscriptions,
      notify: (notification) => {
        this.#server.notification(notification).catch((error: unknown) => {
          logger.debug({ err: error }, 'notification dropped');
        });
      },
    });
    this.#server = buildServer(definitions, {
      get principal() {
        return authority.now();
      },
      ...{ requestId, isConnection: true, logger, session: this.#session },
    });
  }

  /** Serves the messages of the mailbox; both end with the stream. */
  async serve(mailbox: Mailbox): Promise<void> {
    this.#stream.onClose(() => {
      this.#session.close();
      void mailbox.close();
      // Nothing can be answered any more: what runs is cancelled.
      void this.#server.close();
    });
    await this.#server.connect(this.#transport);
    mailbox.deliverTo((letter) => {
      this.#receive(letter);
    });
    // Relative, so that it holds behind any proxy.
    this.#stream.send({ event: 'endpoint', data: `/messages?session=${mailbox.id}` });
  }

  #receive({ grant, message }: Letter): void {
    this.#authority.renew(grant);
    this.#transport.receive(message);
  }

  /** The process drains, or the newest token has expired: its client opens another stream, maybe elsewhere. */
  #finish(): void {
    this.#isDraining ||= !this.#authority.isExpired;
    this.#endIfDue();
  }

  /** Answers that are still to come have no other way to the client. */
  #endIfDue(): void {
    const isDue = this.#isDraining || this.#authority.isExpired;
    if (isDue && this.#transport.isIdle) this.#stream.end();
  }
}
