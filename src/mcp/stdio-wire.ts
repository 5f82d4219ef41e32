import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { AppError } from '../core/errors.ts';

export interface StdioStreams {
  readonly input: Readable;
  readonly output: Writable;
}

/** Sees what passes: what the server sends as well as what the client does. */
export interface Onlooker {
  sent(message: JSONRPCMessage): void;
  received(message: JSONRPCMessage): void;
}

const NEWLINE = 0x0a;
// What the SDK's own buffer may hold beyond a message: the piece in which the message ended.
const SLACK_BYTES = 1_048_576;

/** One JSON-RPC message a line (MCP 2026-07-28, basic/transports/stdio), each of them bounded. */
export class StdioWire implements Transport {
  onmessage?: Transport['onmessage'];
  onerror?: (error: Error) => void;
  onclose?: () => void;
  /** Settles when either side has closed. Rejects with `BODY_TOO_LARGE` when the client went beyond the bound. */
  readonly closed: Promise<void>;
  readonly #wire: StdioServerTransport;
  readonly #streams: StdioStreams;
  readonly #maxLineBytes: number;
  readonly #onlooker: Onlooker;
  #settle: { resolve(): void; reject(error: AppError): void } | undefined;
  #lineBytes = 0;

  constructor(streams: StdioStreams, maxLineBytes: number, onlooker: Onlooker) {
    this.#streams = streams;
    this.#maxLineBytes = maxLineBytes;
    this.#onlooker = onlooker;
    this.closed = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const { input, output } = streams;
    this.#wire = new StdioServerTransport(input, output, { maxBufferSize: maxLineBytes + SLACK_BYTES });
  }

  async start(): Promise<void> {
    this.#wire.onmessage = (message) => {
      this.#onlooker.received(message);
      this.onmessage?.(message);
    };
    this.#wire.onerror = (error) => this.onerror?.(error);
    this.#wire.onclose = () => {
      this.#streams.input.off('data', this.#measure);
      this.onclose?.();
      this.#settle?.resolve();
    };
    this.#streams.input.on('data', this.#measure);
    await this.#wire.start();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#onlooker.sent(message);
    await this.#wire.send(message);
  }

  async close(): Promise<void> {
    await this.#wire.close();
  }

  /** A line that is too long cannot be answered, as its id is not known, nor can what follows be trusted. */
  readonly #measure = (chunk: Buffer): void => {
    const first = chunk.indexOf(NEWLINE);
    this.#lineBytes += first === -1 ? chunk.length : first;
    const isTooLong = this.#lineBytes > this.#maxLineBytes;
    if (first !== -1) this.#lineBytes = chunk.length - 1 - chunk.lastIndexOf(NEWLINE);
    if (!isTooLong) return;
    this.#settle?.reject(
      new AppError('BODY_TOO_LARGE', `A message is larger than the limit of ${this.#maxLineBytes} bytes.`, {
        next: 'send less at once, or raise FAIRLEAD_HTTP_BODY_LIMIT_BYTES',
      }),
    );
    void this.close();
  };
}
