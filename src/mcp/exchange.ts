import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextOf, principalOf, type RequestContext } from '../core/request-context.ts';
import type { Principal } from '../core/principal.ts';

/** One HTTP request to the endpoint together with its answer, from authentication to the last byte. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly principal: Principal;
  readonly context: RequestContext;
  /** Name of the called tool or prompt; empty for other messages. */
  target = '';
  /** Of the request that the body holds, once it is read and where it is one. */
  messageId: string | number | null = null;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.principal = principalOf(request);
    this.context = contextOf(request);
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  /** Calls the listener if the client goes away before the answer is complete; answers how to take that back. */
  onDisconnect(listener: () => void): () => void {
    const { response } = this;
    if (response.destroyed) listener();
    const onClose = (): void => {
      if (!response.writableFinished) listener();
    };
    response.once('close', onClose);
    return () => {
      response.off('close', onClose);
    };
  }

  sendJson(status: number, body: string, headers?: Readonly<Record<string, string>>): void {
    this.response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...headers,
    });
    // As a string: Node then sends head and body in one piece.
    this.response.end(body);
  }

  /** Answers with a JSON-RPC error, of no request where none could be read (JSON-RPC 2.0 §5). */
  sendError(status: number, code: number, message: string, headers?: Readonly<Record<string, string>>): void {
    this.sendJson(
      status,
      JSON.stringify({ jsonrpc: '2.0', id: this.messageId, error: { code, message } }),
      headers,
    );
  }
}
