import { classifyInboundRequest, isJsonContentType } from '@modelcontextprotocol/server';
import { listenToChanges, type ListenParts } from './changes/listen.ts';
import type { DirectAnswers } from './direct-answer.ts';
import type { Exchange } from './exchange.ts';
import { field, idOf, methodOf, parseJson, textOf } from './message-fields.ts';
import { noteTrace } from './message-trace.ts';
import { paramHeaderMismatch } from './param-headers.ts';
import { readBody } from './read-body.ts';
import { MODERN_REVISION, type UsualMessage } from './recognise.ts';
import { requireScopes } from './require-scopes.ts';
import { answerBySdk } from './sdk-bridge.ts';
import type { SessionEndpoint } from './sessions/session-endpoint.ts';

export interface EndpointParts extends ListenParts {
  readonly direct: DirectAnswers;
  readonly sessions: SessionEndpoint;
  readonly bodyLimitBytes: number;
}

// JSON-RPC 2.0 §5.1. What HTTP has a status for is an invalid request: codes from -32000 on are not for new
// servers (MCP 2026-07-28, basic, "Error Codes").
const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;

/**
 * Serves one request to the MCP endpoint.
 *
 * @throws AppError `SCOPE_REQUIRED` before anything runs: only a real 403 makes clients step up (MCP
 *   2026-07-28, basic/authorization, "Scope Challenge Handling"); `BODY_TOO_LARGE`
 */
export async function serveEndpoint(exchange: Exchange, parts: EndpointParts): Promise<void> {
  const { method } = exchange.request;
  if (method === 'POST') await servePost(exchange, parts);
  else if (method === 'GET' && hasSessions(exchange)) await parts.sessions.get(exchange);
  else if (method === 'DELETE' && hasSessions(exchange)) await parts.sessions.delete(exchange);
  else {
    exchange.sendError(405, INVALID_REQUEST, 'Method not allowed: send JSON-RPC messages by POST', {
      allow: hasSessions(exchange) ? 'GET, POST, DELETE' : 'POST',
    });
  }
}

/** Revision 2026-07-28 has neither sessions nor streams outside of requests, and so nothing to GET or DELETE. */
function hasSessions(exchange: Exchange): boolean {
  return exchange.header('mcp-protocol-version') !== MODERN_REVISION;
}

async function servePost(exchange: Exchange, parts: EndpointParts): Promise<void> {
  const { definitions, direct, sessions } = parts;
  if (!isJsonContentType(exchange.header('content-type'))) {
    exchange.sendError(415, INVALID_REQUEST, 'Unsupported media type: the body must be application/json');
    return;
  }
  const body = parseJson(await readBody(exchange.request, parts.bodyLimitBytes));
  if (body === undefined) {
    exchange.sendError(400, PARSE_ERROR, 'Parse error: the body is not valid JSON, or is nested too deeply');
    return;
  }
  exchange.messageId = idOf(body);
  if (Array.isArray(body) && !hasSessions(exchange)) {
    exchange.sendError(400, INVALID_REQUEST, 'Invalid request: this revision has no batches');
    return;
  }
  noteTrace(exchange.context, body);
  for (const message of Array.isArray(body) ? body : [body]) requireScopes(message, exchange, definitions);
  const usual = direct.recognise(exchange, body);
  if (usual === undefined ? isLegacy(exchange, body) : usual.era === 'legacy') {
    await sessions.post(exchange, body, usual);
  } else await serveModern(exchange, { body, usual }, parts);
}

async function serveModern(
  exchange: Exchange,
  { body, usual }: { readonly body: unknown; readonly usual: UsualMessage | undefined },
  parts: EndpointParts,
): Promise<void> {
  const { definitions, direct, handler, streams } = parts;
  if (usual !== undefined && direct.answerAtOnce(exchange, usual)) return;
  const mismatch = paramHeaderMismatch(
    body,
    (name) => definitions.tools.find(name),
    (name) => exchange.header(name),
  );
  if (mismatch !== undefined) {
    exchange.sendJson(400, mismatch);
    return;
  }
  exchange.target = textOf(field(field(body, 'params'), 'name'));
  const bySdk = (): Promise<void> => answerBySdk(exchange, body, handler, streams);
  if (usual?.method === 'tools/call') await direct.call(exchange, usual, bySdk);
  else if (methodOf(body) === 'subscriptions/listen') await listenToChanges(exchange, body, parts);
  else await bySdk();
}

/** Whether the message is one of the revisions that begin with `initialize`; what is neither is the SDK's to refuse. */
function isLegacy(exchange: Exchange, body: unknown): boolean {
  const revision = exchange.header('mcp-protocol-version');
  const method = exchange.header('mcp-method');
  const name = exchange.header('mcp-name');
  const outcome = classifyInboundRequest({
    httpMethod: 'POST',
    ...(revision === undefined ? {} : { protocolVersionHeader: revision }),
    ...(method === undefined ? {} : { mcpMethodHeader: method }),
    ...(name === undefined ? {} : { mcpNameHeader: name }),
    body,
  });
  return outcome.kind === 'legacy';
}
