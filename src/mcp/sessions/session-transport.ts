import {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import type { CallAnswer } from './call-answer.ts';

const SEED = 'seed';

/**
 * What an SDK server of one POST speaks through. It is brought to where the session stands by the client's
 * own `initialize`, as far as the session holds it; the reply to that goes nowhere.
 */
export class SessionTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  readonly #answer: CallAnswer;
  #seeded: (() => void) | undefined;

  constructor(answer: CallAnswer) {
    this.#answer = answer;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves once the server stands as if the session had begun with it. */
  async seed(): Promise<void> {
    const { revision, capabilities, client } = this.#answer.session;
    const params = { protocolVersion: revision, capabilities: { ...capabilities }, clientInfo: client };
    const seeded = new Promise<void>((resolve) => {
      this.#seeded = resolve;
    });
    this.receive({ jsonrpc: '2.0', id: SEED, method: 'initialize', params });
    await seeded;
    this.receive({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }

  receive(message: JSONRPCMessage): void {
    this.onmessage?.(message);
  }

  send(message: JSONRPCMessage): Promise<void> {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
      if (this.#seeded !== undefined) {
        this.#seeded();
        this.#seeded = undefined;
      } else if (message.id !== undefined) this.#answer.end(message.id, message);
    } else this.#answer.tell(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }
}
