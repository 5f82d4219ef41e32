import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from '@modelcontextprotocol/server';
import type { EventStream } from '../event-stream.ts';

/** Speaks to the client over its one stream (2024-11-05, basic/transports, "HTTP with SSE"). */
export class SseTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  readonly #stream: EventStream;
  readonly #onIdle: () => void;
  readonly #unanswered = new Set<RequestId>();

  /** `onIdle` is called whenever the last request has got its answer. */
  constructor(stream: EventStream, onIdle: () => void) {
    this.#stream = stream;
    this.#onIdle = onIdle;
  }

  /** Whether no request waits for its answer. */
  get isIdle(): boolean {
    return this.#unanswered.size === 0;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  receive(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) this.#unanswered.add(message.id);
    this.onmessage?.(message);
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      // Gets no answer (2024-11-05, basic/utilities/cancellation).
      this.#settle(message.params?.['requestId'] as RequestId | undefined);
    }
  }

  send(message: JSONRPCMessage): Promise<void> {
    this.#stream.send({ data: JSON.stringify(message) });
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) this.#settle(message.id);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }

  #settle(id: RequestId | undefined): void {
    if (id !== undefined && this.#unanswered.delete(id) && this.isIdle) this.#onIdle();
  }
}
