import { isJsonContentType, type McpHttpHandler } from '@modelcontextprotocol/server';
import type { Scope } from '../core/scopes.ts';
import type { Definitions } from './build-server.ts';
import { scopeRequired } from './call-tool.ts';
import type { DirectAnswers } from './direct-answer.ts';
import type { Exchange } from './exchange.ts';
import { readBody } from './read-body.ts';
import { answerBySdk } from './sdk-bridge.ts';

export interface EndpointParts {
  readonly definitions: Definitions;
  readonly direct: DirectAnswers;
  /** Long-lived subscription streams have a handler of their own, so that draining can close them alone. */
  readonly handlers: { readonly calls: McpHttpHandler; readonly subscriptions: McpHttpHandler };
  readonly bodyLimitBytes: number;
  readonly onStream: (kind: string) => () => void;
}

// JSON-RPC 2.0 §5.1, and the first code that it leaves to implementations.
const PARSE_ERROR = -32700;
const SERVER_ERROR = -32000;

/**
 * Serves one request to the MCP endpoint.
 *
 * @throws AppError `SCOPE_REQUIRED` before anything runs: only a real 403 makes clients step up (MCP
 *   2026-07-28, basic/authorization, "Scope Challenge Handling"); `BODY_TOO_LARGE`
 */
export async function serveEndpoint(exchange: Exchange, parts: EndpointParts): Promise<void> {
  const { request } = exchange;
  if (request.method !== 'POST') {
    // No stream and no session is kept between requests, so there is nothing to GET or to DELETE.
    exchange.sendError(405, SERVER_ERROR, 'Method not allowed: send JSON-RPC messages by POST', {
      allow: 'POST',
    });
    return;
  }
  if (!isJsonContentType(exchange.header('content-type'))) {
    exchange.sendError(415, SERVER_ERROR, 'Unsupported media type: the body must be application/json');
    return;
  }
  const body = parseJson(await readBody(request, parts.bodyLimitBytes));
  if (body === undefined) {
    exchange.sendError(400, PARSE_ERROR, 'Parse error: the body is not valid JSON');
    return;
  }
  for (const message of Array.isArray(body) ? body : [body])
    requireScopes(message, exchange, parts.definitions);
  exchange.target = textOf(field(field(body, 'params'), 'name'));
  const isSubscription = methodOf(body) === 'subscriptions/listen';
  const handler = isSubscription ? parts.handlers.subscriptions : parts.handlers.calls;
  const bySdk = (): Promise<void> =>
    answerBySdk(exchange, body, handler, () => parts.onStream(isSubscription ? 'subscription' : 'call'));
  if (!parts.direct.answer(exchange, body, bySdk)) await bySdk();
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Refuses a message that reaches something whose scopes are not granted. Unknown names are refused later, as such. */
function requireScopes(message: unknown, exchange: Exchange, definitions: Definitions): void {
  const target = targetOf(message, definitions);
  const { scopes } = exchange.principal;
  if (target !== undefined && !scopes.hasAll(target.scopes)) throw scopeRequired(target, scopes);
}

function targetOf(message: unknown, definitions: Definitions): { scopes: readonly Scope[] } | undefined {
  const { tools, resources, prompts } = definitions;
  const params = field(message, 'params');
  const ref = field(params, 'ref');
  switch (methodOf(message)) {
    case 'tools/call':
      return tools.find(textOf(field(params, 'name')));
    case 'resources/read':
      return resources.find(textOf(field(params, 'uri')));
    case 'prompts/get':
      return prompts.find(textOf(field(params, 'name')));
    case 'completion/complete':
      return resources.find(textOf(field(ref, 'uri'))) ?? prompts.find(textOf(field(ref, 'name')));
    default:
      return undefined;
  }
}

function methodOf(message: unknown): string {
  return textOf(field(message, 'method'));
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
