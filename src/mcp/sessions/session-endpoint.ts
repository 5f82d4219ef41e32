import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Exchange } from '../exchange.ts';
import type { UsualMessage } from '../recognise.ts';
import { cancelKey, type RequestId } from './call-answer.ts';
import { initialize } from './initialize.ts';
import { isClientResponse, readMessages } from './messages.ts';
import { isChangeEventId, openNotificationStream } from './notification-stream.ts';
import { resumeStream } from './resume.ts';
import type { Session } from './session.ts';
import { acceptResponse } from './session-asker.ts';
import { type Request, SessionCalls, type SessionParts } from './session-calls.ts';
import type { SessionState } from './session-state.ts';

// The first codes that JSON-RPC 2.0 §5.1 leaves to implementations; the second is what clients know for this.
const SERVER_ERROR = -32000;
const SESSION_NOT_FOUND = -32001;
const INVALID_REQUEST = -32600;
const MAX_EVENT_ID_LENGTH = 128;
const SUPPORTED: ReadonlySet<string> = new Set(SUPPORTED_PROTOCOL_VERSIONS);

interface Found {
  readonly session: Session;
  readonly state: SessionState;
}

/** The endpoint as clients of the 2025 revisions use it (2025-11-25, basic/transports). */
export class SessionEndpoint {
  readonly #parts: SessionParts;
  readonly #calls: SessionCalls;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#calls = new SessionCalls(parts);
  }

  /** `usual` is the body, where the cheap look has recognised it. */
  async post(exchange: Exchange, body: unknown, usual: UsualMessage | undefined): Promise<void> {
    if (!accepts(exchange, 'application/json') || !accepts(exchange, 'text/event-stream')) {
      notAcceptable(exchange, 'both application/json and text/event-stream');
      return;
    }
    if (exchange.header('mcp-session-id') === undefined && isInitialize(body)) {
      await initialize(exchange, body, this.#parts);
      return;
    }
    const found = await this.#find(exchange);
    if (found === undefined) return;
    if (usual !== undefined) {
      this.#answerUsual(exchange, found, usual);
      return;
    }
    const messages = readMessages(body, found.session.revision);
    if (typeof messages === 'string') {
      exchange.sendError(400, INVALID_REQUEST, `Invalid request: ${messages}`);
      return;
    }
    for (const message of messages) await this.#take(message, found.session);
    const requests = messages.filter((message): message is Request => isJSONRPCRequest(message));
    if (requests.length === 0) exchange.response.writeHead(202).end();
    else this.#answer(exchange, found, { requests, isBatch: Array.isArray(body) });
  }

  /** Opens the stream of notifications, or goes on with one that was cut off. */
  async get(exchange: Exchange): Promise<void> {
    if (!accepts(exchange, 'text/event-stream')) {
      notAcceptable(exchange, 'text/event-stream');
      return;
    }
    const found = await this.#find(exchange);
    if (found === undefined) return;
    const lastEventId = exchange.header('last-event-id');
    if (lastEventId !== undefined && lastEventId.length > MAX_EVENT_ID_LENGTH) {
      exchange.sendError(400, SERVER_ERROR, 'Bad request: the Last-Event-ID is none of this server');
      return;
    }
    if (lastEventId === undefined || isChangeEventId(lastEventId)) {
      await openNotificationStream(exchange, found.session, lastEventId, this.#parts);
    } else await resumeStream(exchange, found.session, lastEventId, this.#parts);
  }

  async delete(exchange: Exchange): Promise<void> {
    const found = await this.#find(exchange);
    if (found === undefined) return;
    await this.#parts.states.end(found.session);
    exchange.response.writeHead(204).end();
  }

  /** The session that the request names; answers the request itself where there is none. */
  async #find(exchange: Exchange): Promise<Found | undefined> {
    const token = exchange.header('mcp-session-id');
    if (token === undefined) {
      exchange.sendError(
        400,
        SERVER_ERROR,
        'Bad request: the header Mcp-Session-Id is missing; begin with initialize',
      );
      return undefined;
    }
    const { tokens, states } = this.#parts;
    const session = await tokens.read(token, exchange.principal);
    const state = session && (await states.read(session));
    if (session === undefined || state === undefined || state.isEnded) {
      exchange.sendError(404, SESSION_NOT_FOUND, 'Session not found: begin a new one with initialize');
      return undefined;
    }
    const revision = exchange.header('mcp-protocol-version');
    if (revision !== undefined && !SUPPORTED.has(revision)) {
      exchange.sendError(
        400,
        SERVER_ERROR,
        `Bad request: unsupported protocol version (supported: ${[...SUPPORTED].join(', ')})`,
      );
      return undefined;
    }
    return { session, state };
  }

  /** What a client sends without expecting an answer. */
  async #take(message: unknown, session: Session): Promise<void> {
    if (isClientResponse(message)) await acceptResponse(message, session, this.#parts);
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      const id = message.params?.['requestId'];
      if (typeof id !== 'string' && typeof id !== 'number') return;
      const cancel = { kind: 'cancel', key: cancelKey(session.id, id) };
      // Told to everybody only where the call does not run here.
      if (!this.#parts.hub.deliver(cancel)) this.#parts.hub.send(cancel);
    }
  }

  #answerUsual(exchange: Exchange, found: Found, message: UsualMessage): void {
    if (this.#parts.direct.answerAtOnce(exchange, message)) return;
    if (this.#isRunning(found.session, message.id)) inUse(exchange, message.id);
    else if (message.method === 'tools/call') this.#calls.runUsual(exchange, found, message);
  }

  #answer(
    exchange: Exchange,
    found: Found,
    work: { readonly requests: readonly Request[]; readonly isBatch: boolean },
  ): void {
    const { session } = found;
    const ids = work.requests.map(({ id }) => id);
    const taken = ids.find((id, index) => ids.indexOf(id) !== index || this.#isRunning(session, id));
    if (taken === undefined) this.#calls.run(exchange, found, work);
    else inUse(exchange, taken);
  }

  #isRunning(session: Session, id: RequestId): boolean {
    return this.#parts.hub.hasListener('cancel', cancelKey(session.id, id));
  }
}

function isInitialize(body: unknown): body is { id: RequestId; params?: unknown } {
  return isJSONRPCRequest(body) && body.method === 'initialize';
}

function inUse(exchange: Exchange, id: RequestId): void {
  exchange.sendError(400, INVALID_REQUEST, `Invalid request: the id ${JSON.stringify(id)} is in use`);
}

function accepts(exchange: Exchange, type: string): boolean {
  return exchange.header('accept')?.toLowerCase().includes(type) ?? false;
}

function notAcceptable(exchange: Exchange, types: string): void {
  exchange.sendError(406, SERVER_ERROR, `Not acceptable: the client must accept ${types}`);
}
