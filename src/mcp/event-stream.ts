import type { ServerResponse } from 'node:http';

/** One event of a stream (HTML Living Standard §9.2.6). */
export interface OutgoingEvent {
  /** What a client sends back as `Last-Event-ID`; visible ASCII. */
  readonly id?: string;
  /** Default `message`. */
  readonly event?: string;
  /** Milliseconds that the client waits before it connects again. */
  readonly retry?: number;
  /** One line. */
  readonly data: string;
}

/**
 * Writes events to one response. A reader that does not keep up is cut off when what waits for it passes the
 * bound: clients can resume, and memory cannot be held by whoever does not read.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #maxBufferedBytes: number;
  #stalledTicks = 0;

  /** Sends the head at once, so that the client knows its stream to be open. */
  constructor(
    response: ServerResponse,
    maxBufferedBytes: number,
    headers: Readonly<Record<string, string>> = {},
  ) {
    this.#response = response;
    this.#maxBufferedBytes = maxBufferedBytes;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
      ...headers,
    });
    response.flushHeaders();
  }

  get isOpen(): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded;
  }

  send({ id, event = 'message', retry, data }: OutgoingEvent): void {
    const idLine = id === undefined ? '' : `id: ${id}\n`;
    const retryLine = retry === undefined ? '' : `retry: ${retry}\n`;
    this.#write(`event: ${event}\n${idLine}${retryLine}data: ${data}\n\n`);
  }

  /** Sends bytes that are events already. */
  pass(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  /** An id to resume from before anything has happened: an event without data, which clients do not deliver. */
  prime(id: string, retry: number): void {
    this.#write(`id: ${id}\nretry: ${retry}\ndata: \n\n`);
  }

  /** Keeps proxies from taking a quiet stream for a dead one; ends one whose reader has stopped to read. */
  keepAlive(): void {
    if (this.#response.destroyed) return;
    const isStalled = this.#response.writableNeedDrain || !this.isOpen;
    this.#stalledTicks = isStalled ? this.#stalledTicks + 1 : 0;
    const limit = this.isOpen ? MAX_STALLED_TICKS : MAX_ENDING_TICKS;
    if (this.#stalledTicks > limit) this.#response.destroy();
    else this.#write(': keep-alive\n\n');
  }

  /** Resolves when the reader has taken what was sent, or the stream has ended. */
  async drained(): Promise<void> {
    if (!this.isOpen || !this.#response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#response.off('drain', done).off('close', done);
        this.#stalledTicks = 0;
        resolve();
      };
      this.#response.once('drain', done).once('close', done);
    });
  }

  end(): void {
    if (this.isOpen) this.#response.end();
  }

  /** Calls the listener once when the stream has ended, by whichever side. */
  onClose(listener: () => void): void {
    if (this.#response.closed) listener();
    else this.#response.once('close', listener);
  }

  #write(text: string | Uint8Array): void {
    if (!this.isOpen) return;
    // What is too much is what waited before this event: a single large one must be able to pass.
    if (this.#response.writableLength > this.#maxBufferedBytes) this.#response.destroy();
    else this.#response.write(text);
  }
}

const MAX_STALLED_TICKS = 2;
/** For what was sent last, and may be large, to reach a reader that is slow. */
const MAX_ENDING_TICKS = 20;
