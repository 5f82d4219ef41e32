import type { ServerResponse } from 'node:http';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import { EventStream } from './event-stream.ts';

export interface EventStreamsOptions {
  readonly keepAliveMs: number;
  readonly streams: {
    /** Standing streams that one principal may have open in this process. */
    readonly perPrincipal: number;
    readonly maxBufferedBytes: number;
  };
}

export interface EventStreamsContext {
  /** Is told of every stream; what it answers is called when that stream has ended. */
  readonly count: (kind: string) => () => void;
}

/** What a stream is for: the bounded `kind` label of its metric. */
export type StreamKind = 'call' | 'notifications' | 'subscription' | 'sse' | 'resumed';

interface Opening {
  readonly kind: StreamKind;
  readonly principal: Principal;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Standing {
  readonly principal: Principal;
  /** Ends the stream in its own way: a last message, where its protocol has one. */
  readonly finish: () => void;
}

/**
 * The open event streams of this process. A stream is either the answer to a call, which ends with it, or
 * stands until somebody ends it: those are counted per principal, end with the authority of their token, and
 * are closed when the process drains.
 */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #context: EventStreamsContext;
  readonly #open = new Map<EventStream, Principal>();
  readonly #standing = new Map<EventStream, Standing>();
  readonly #perSubject = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventStreamsOptions, context: EventStreamsContext) {
    this.#options = options;
    this.#context = context;
  }

  /** Opens a stream that ends with the call it answers. */
  open(response: ServerResponse, { kind, principal, headers }: Opening): EventStream {
    const stream = new EventStream(response, this.#options.streams.maxBufferedBytes, headers);
    const ended = this.#context.count(kind);
    this.#open.set(stream, principal);
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, this.#options.keepAliveMs).unref();
    stream.onClose(() => {
      ended();
      this.#open.delete(stream);
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    return stream;
  }

  /**
   * Opens a stream that stands; `finish` says how it ends well, and defaults to just ending.
   *
   * @throws AppError `BUSY` when the principal has too many
   */
  openStanding(
    response: ServerResponse,
    opening: Opening,
    finish: (stream: EventStream) => void = (stream) => {
      stream.end();
    },
  ): EventStream {
    const { principal } = opening;
    const { subject } = principal;
    const others = this.#perSubject.get(subject) ?? 0;
    if (others >= this.#options.streams.perPrincipal) {
      throw new AppError('BUSY', `There are ${others} open streams of this principal, which is the limit.`, {
        next: 'close a stream that is no longer read',
        retryAfter: 5,
      });
    }
    this.#perSubject.set(subject, others + 1);
    const stream = this.open(response, opening);
    this.#standing.set(stream, {
      principal,
      finish: () => {
        finish(stream);
      },
    });
    stream.onClose(() => {
      this.#standing.delete(stream);
      const left = (this.#perSubject.get(subject) ?? 1) - 1;
      if (left === 0) this.#perSubject.delete(subject);
      else this.#perSubject.set(subject, left);
    });
    return stream;
  }

  /** For whom streams are open, once for each. */
  principals(): Iterable<Principal> {
    return this.#open.values();
  }

  /** Ends every standing stream; its client connects again, elsewhere. */
  finishStanding(): void {
    for (const { finish } of this.#standing.values()) finish();
  }

  /** Ends what is open under an authority that was revoked: nothing more is told, not even that it ends. */
  endOf(authority: string): void {
    for (const [stream, principal] of this.#open) if (principal.authority === authority) stream.end();
  }

  #tick(): void {
    for (const stream of this.#open.keys()) stream.keepAlive();
    const now = Date.now() / 1000;
    for (const { principal, finish } of this.#standing.values()) if (principal.expiresAt <= now) finish();
  }
}
