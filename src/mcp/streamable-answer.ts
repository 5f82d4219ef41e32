import type { Exchange } from './exchange.ts';

/** An answer that is plain JSON unless something has to be told before it; then it is an event stream. */
export class StreamableAnswer {
  readonly #exchange: Exchange;
  readonly #onStream: () => () => void;
  #isStream = false;

  /** `onStream` is told when the stream opens, and what it answers when the stream has ended. */
  constructor(exchange: Exchange, onStream: () => () => void) {
    this.#exchange = exchange;
    this.#onStream = onStream;
  }

  notify(method: string, params: object): void {
    const { response } = this.#exchange;
    if (response.destroyed) return;
    if (!this.#isStream) {
      this.#isStream = true;
      response.once('close', this.#onStream());
      // X-Accel-Buffering: nginx would hold events back until its buffer is full.
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
      });
    }
    this.#event(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** Sends the JSON-RPC response that ends the exchange. */
  end(message: string): void {
    const { response } = this.#exchange;
    if (response.destroyed) return;
    if (!this.#isStream) {
      this.#exchange.sendJson(200, message);
      return;
    }
    this.#event(message);
    response.end();
  }

  #event(message: string): void {
    this.#exchange.response.write(`event: message\ndata: ${message}\n\n`);
  }
}
