import { isJsonContentType, type JSONRPCMessage, parseJSONRPCMessage } from '@modelcontextprotocol/server';
import type { Exchange } from '../exchange.ts';
import { field, methodOf, parseJson, textOf } from '../message-fields.ts';
import { noteTrace } from '../message-trace.ts';
import { readBody } from '../read-body.ts';
import { requireScopes } from '../require-scopes.ts';
import { type MailboxParts, Mailboxes } from './mailbox.ts';
import { type ConnectionParts, SseConnection } from './sse-connection.ts';

export interface LegacySseParts extends ConnectionParts, MailboxParts {
  /** Of one message. */
  readonly bodyLimitBytes: number;
}

// JSON-RPC 2.0 §5.1, and the first code that it leaves to implementations.
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const SERVER_ERROR = -32000;

/**
 * The transport of revision 2024-11-05: a stream that stays open and an address to send messages to. The
 * stream is where its client has opened it; the messages may reach any process.
 */
export class LegacySse {
  readonly #parts: LegacySseParts;
  readonly #mailboxes: Mailboxes;

  constructor(parts: LegacySseParts) {
    this.#parts = parts;
    this.#mailboxes = new Mailboxes(parts);
  }

  /**
   * `/sse`: opens a stream.
   *
   * @throws AppError `BUSY` when the principal has too many streams
   */
  async open(exchange: Exchange): Promise<void> {
    if (exchange.request.method !== 'GET') {
      // What clients send here first to find out which transport this is (2025-03-26, "Backwards Compatibility").
      exchange.sendError(405, SERVER_ERROR, 'Method not allowed: open the stream by GET', { allow: 'GET' });
      return;
    }
    if (!acceptsStream(exchange.header('accept'))) {
      exchange.sendError(406, SERVER_ERROR, 'Not acceptable: the answer is text/event-stream');
      return;
    }
    const mailbox = await this.#mailboxes.open(exchange.principal);
    try {
      await new SseConnection(exchange, this.#parts).serve(mailbox);
    } catch (error) {
      await mailbox.close();
      throw error;
    }
  }

  /**
   * `/messages?session=…`: takes a message, whose answer comes over the stream.
   *
   * @throws AppError `NOT_FOUND` for a stream that is not the principal's own, `SCOPE_REQUIRED` (a real 403, as
   *   at the endpoint), `BODY_TOO_LARGE`, `BUSY`
   */
  async post(exchange: Exchange): Promise<void> {
    const { request, response, principal, context } = exchange;
    const { definitions, bodyLimitBytes } = this.#parts;
    if (request.method !== 'POST') {
      exchange.sendError(405, SERVER_ERROR, 'Method not allowed: send messages by POST', { allow: 'POST' });
      return;
    }
    if (!isJsonContentType(exchange.header('content-type'))) {
      exchange.sendError(415, SERVER_ERROR, 'Unsupported media type: the body must be application/json');
      return;
    }
    const body = parseJson(await readBody(request, bodyLimitBytes));
    if (body === undefined) {
      exchange.sendError(
        400,
        PARSE_ERROR,
        'Parse error: the body is not valid JSON, or is nested too deeply',
      );
      return;
    }
    const message = messageIn(body);
    if (message === undefined) {
      exchange.sendError(400, INVALID_REQUEST, 'Invalid request: the body is not one JSON-RPC message');
      return;
    }
    noteTrace(context, body);
    if (methodOf(body) === 'tools/call') {
      const given = field(field(body, 'params'), 'arguments');
      noteTool(exchange, definitions.tools.resolve(nameIn(body), given)?.tool);
    }
    requireScopes(body, exchange, definitions);
    await this.#mailboxes.post(sessionIn(request.url ?? ''), principal, message);
    response.writeHead(202).end('Accepted');
  }
}

function acceptsStream(accept: string | undefined): boolean {
  return accept === undefined || /text\/(event-stream|\*)|\*\/\*/.test(accept);
}

function sessionIn(url: string): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : (new URLSearchParams(url.slice(start)).get('session') ?? '');
}

function messageIn(body: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(body);
  } catch {
    return undefined;
  }
}

function nameIn(message: unknown): string {
  return textOf(field(field(message, 'params'), 'name'));
}

function noteTool({ context }: Exchange, tool: { readonly name: string } | undefined): void {
  if (tool !== undefined) context.tool = tool.name;
}
