import { randomBytes } from 'node:crypto';
import type { Logger } from '../../core/telemetry.ts';
import type { Store } from '../../core/store.ts';
import type { EventStream } from '../event-stream.ts';
import type { EventStreams } from '../event-streams.ts';
import type { Exchange } from '../exchange.ts';
import type { Hub } from '../hub.ts';
import type { EventLog, EventLogWriter, LogEntry } from './event-log.ts';
import type { Liveness } from './liveness.ts';
import { hasPriming } from './revisions.ts';
import type { Session } from './session.ts';

/** What the answers of all sessions share. */
export interface AnswerParts {
  readonly store: Store;
  readonly hub: Hub;
  readonly log: EventLog;
  readonly liveness: Liveness;
  readonly streams: EventStreams;
  /** Milliseconds after which an answer that has not come yet becomes a stream. */
  readonly streamAfterMs: number;
  /** Milliseconds that a client waits before it connects again. */
  readonly retryMs: number;
  /** Milliseconds after which the connection of a stream is closed, for the client to resume it; 0 for never. */
  readonly maxConnectionMs: number;
}

export type RequestId = string | number;

/** Events that may wait for the store. */
const MAX_WAITING = 1000;

/**
 * The answer to a POST of a session: plain JSON if it comes soon and nothing has to be told before it, else
 * an event stream whose events are kept in the store, so that a client that was cut off resumes it anywhere.
 *
 * Losing the connection does not end the work (2025-11-25, basic/transports, "Sending Messages to the
 * Server") as long as the client has an event id to come back with.
 */
export class CallAnswer {
  readonly #parts: AnswerParts;
  readonly #exchange: Exchange;
  readonly #session: Session;
  readonly #logger: Logger;
  readonly #missing: Set<RequestId>;
  /** A batch is answered with a list. */
  readonly #isBatch: boolean;
  readonly #early: object[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #onCancel = new Set<() => void>();
  #controller: AbortController | undefined;
  #isCancelled = false;
  readonly #releases: (() => void)[] = [];
  #queue: Promise<void> = Promise.resolve();
  #out: EventStream | undefined;
  #writer: EventLogWriter | undefined;
  /** Names the stream, once it is one. */
  #stream = '';
  #waiting = 0;
  #isStream = false;
  #hasIds = false;
  #isOver = false;

  constructor(
    parts: AnswerParts,
    exchange: Exchange,
    session: Session,
    requests: { readonly ids: readonly RequestId[]; readonly isBatch: boolean },
  ) {
    this.#parts = parts;
    this.#exchange = exchange;
    this.#session = session;
    this.#logger = exchange.context.logger;
    this.#missing = new Set(requests.ids);
    this.#isBatch = requests.isBatch;
    this.#timer = setTimeout(() => {
      this.#becomeStream();
    }, parts.streamAfterMs);
    exchange.response.once('close', () => {
      this.#onDisconnect();
    });
    this.#listen(requests.ids);
    // The client may have gone while its session was looked up.
    if (exchange.response.destroyed) this.#abandon();
  }

  get session(): Session {
    return this.#session;
  }

  /** Aborts when the client cancels, ends the session, or can no longer get the answer. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isCancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Calls the listener when {@link signal} aborts, or now if it has; answers how to take that back. */
  onCancel(listener: () => void): () => void {
    if (this.#isCancelled) listener();
    else this.#onCancel.add(listener);
    return () => {
      this.#onCancel.delete(listener);
    };
  }

  /** Sends a message ahead of the answer: a notification or a request of the server's. */
  tell(message: object): void {
    if (this.#isOver) return;
    const isNotification = !('id' in message);
    // A tool that tells faster than the store takes it must not fill memory.
    if (isNotification && this.#waiting >= MAX_WAITING) return;
    this.#becomeStream();
    this.#enqueue(async () => {
      if (isNotification && this.#writer?.hasRoom === false) return;
      await this.#emit({ kind: 'message', message }, message);
    });
  }

  /** Sends the JSON-RPC response to one of the requests; the last one ends the exchange. */
  end(id: RequestId, response: object): void {
    if (this.#isOver || !this.#missing.delete(id)) return;
    const isLast = this.#missing.size === 0;
    if (isLast) this.#finish();
    if (!this.#isStream) {
      this.#early.push(response);
      if (isLast) this.#sendJson();
      return;
    }
    this.#enqueue(async () => {
      await this.#emit({ kind: 'message', message: response, ...(isLast ? { isLast } : {}) }, response);
      if (isLast) this.#out?.end();
    });
  }

  /** Ends without an answer, which a cancelled request does not get (basic/utilities/cancellation). */
  #abandon(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#isCancelled = true;
    this.#controller?.abort();
    for (const listener of this.#onCancel) listener();
    const { response } = this.#exchange;
    if (!this.#isStream) {
      // A request is answered by JSON or by a stream; this one holds nothing.
      if (!response.destroyed) response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
      return;
    }
    this.#enqueue(async () => {
      await this.#append({ kind: 'abandoned' });
      this.#out?.end();
    });
  }

  #listen(ids: readonly RequestId[]): void {
    const { hub } = this.#parts;
    const { id: session } = this.#session;
    const cancel = (): void => {
      this.#abandon();
    };
    this.#releases.push(
      ...ids.map((id) => hub.on('cancel', cancelKey(session, id), cancel)),
      hub.on('session', session, (data) => {
        if (data['ended'] === true) cancel();
      }),
    );
  }

  #untilOver(release: () => void): void {
    if (this.#isOver) release();
    else this.#releases.push(release);
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    for (const release of this.#releases.splice(0)) release();
  }

  #sendJson(): void {
    const body = this.#isBatch ? this.#early : this.#early[0];
    if (!this.#exchange.response.destroyed) this.#exchange.sendJson(200, JSON.stringify(body));
  }

  #becomeStream(): void {
    if (this.#isStream || this.#isOver) return;
    this.#isStream = true;
    clearTimeout(this.#timer);
    const early = this.#early.splice(0);
    this.#enqueue(() => this.#open());
    for (const response of early) {
      this.#enqueue(() => this.#emit({ kind: 'message', message: response }, response));
    }
  }

  async #open(): Promise<void> {
    const { hub, liveness, log, streams, retryMs, maxConnectionMs } = this.#parts;
    const { principal, response } = this.#exchange;
    this.#stream = randomBytes(12).toString('base64url');
    this.#untilOver(await liveness.hold());
    this.#untilOver(
      hub.on('stream', this.#stream, (data) => {
        if (data['taken'] !== undefined) this.#handOver();
      }),
    );
    const opened = { owner: hub.self, requestIds: [...this.#missing], scopes: principal.scopes.granted };
    const kept = await log.open(this.#session, this.#stream, opened).catch((error: unknown) => {
      // The client is still there to be answered; it only cannot come back for more.
      this.#logger.warn({ err: error }, 'a stream cannot be kept for resuming');
      return undefined;
    });
    this.#writer = kept?.writer;
    if (response.destroyed) return;
    this.#out = streams.open(response, { kind: 'call', principal });
    if (kept === undefined || !hasPriming(this.#session.revision)) return;
    this.#hasIds = true;
    this.#out.prime(kept.eventId, retryMs);
    if (maxConnectionMs === 0) return;
    const timer = setTimeout(() => {
      this.#handOver();
    }, maxConnectionMs);
    this.#out.onClose(() => {
      clearTimeout(timer);
    });
  }

  async #emit(entry: LogEntry, message: object): Promise<void> {
    const id = await this.#append(entry);
    if (this.#out?.isOpen !== true) {
      // Somebody may read on elsewhere.
      this.#parts.hub.send({ kind: 'stream', key: this.#stream });
      return;
    }
    this.#hasIds ||= id !== undefined;
    this.#out.send({ ...(id === undefined ? {} : { id }), data: JSON.stringify(message) });
  }

  /** Answers the event's id; none when the store fails, which must not keep the answer from a client that is there. */
  async #append(entry: LogEntry): Promise<string | undefined> {
    try {
      return await this.#writer?.append(entry);
    } catch (error) {
      this.#logger.warn({ err: error }, 'an event of a stream could not be kept');
      return undefined;
    }
  }

  /** The client reads on over another connection, or is to do so. */
  #handOver(): void {
    this.#enqueue(() => {
      this.#out?.end();
      this.#parts.hub.send({ kind: 'stream', key: this.#stream });
      return Promise.resolve();
    });
  }

  #onDisconnect(): void {
    if (this.#isOver || this.#hasIds) return;
    // Nothing that the client could come back with has reached it.
    this.#abandon();
  }

  #enqueue(step: () => Promise<void>): void {
    this.#waiting++;
    this.#queue = this.#queue
      .then(step)
      .catch((error: unknown) => {
        this.#logger.warn({ err: error }, 'a stream failed');
        this.#exchange.response.destroy();
      })
      .finally(() => {
        this.#waiting--;
      });
  }
}

/** Request ids are compared as they are: 1 and "1" are two. */
export function cancelKey(session: string, id: RequestId): string {
  return `${session} ${JSON.stringify(id)}`;
}
