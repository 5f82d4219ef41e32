import {
  isJSONRPCErrorResponse,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import { buildServer } from '../build-server.ts';
import type { Definitions } from '../definitions.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Exchange } from '../exchange.ts';
import { DEFAULT_LOG_LEVEL } from '../log-level.ts';
import type { Peer } from '../peer.ts';
import type { SessionTokens } from './session.ts';

const SERVER_ERROR = -32000;

interface InitializeParts {
  readonly definitions: Definitions;
  readonly tokens: SessionTokens;
}

/** Begins a session: the SDK negotiates, and the answer's header carries all that is to be remembered. */
export async function initialize(
  exchange: Exchange,
  request: { readonly params?: unknown },
  { definitions, tokens }: InitializeParts,
): Promise<void> {
  const response = await negotiate(exchange, request as JSONRPCMessage, definitions);
  if (!isJSONRPCResultResponse(response)) {
    exchange.sendJson(400, JSON.stringify(response));
    return;
  }
  // Without these the SDK would have refused.
  const { capabilities, clientInfo: client } = request.params as {
    capabilities: JsonObject;
    clientInfo: JsonObject;
  };
  const revision = String(response.result['protocolVersion']);
  const token = await tokens.issue(exchange.principal, { revision, capabilities, client });
  if (token === undefined) {
    exchange.sendError(400, SERVER_ERROR, 'Bad request: the declared capabilities are too long');
    return;
  }
  exchange.sendJson(200, JSON.stringify(response), { 'mcp-session-id': token });
}

async function negotiate(
  { principal, context }: Exchange,
  request: JSONRPCMessage,
  definitions: Definitions,
): Promise<JSONRPCMessage> {
  const peer: Peer = {
    principal,
    requestId: context.id,
    logger: context.logger,
    trace: context.trace,
    session: {
      logLevel: DEFAULT_LOG_LEVEL,
      setLogLevel: () => Promise.resolve(),
      subscribe: () => Promise.resolve(),
      unsubscribe: () => Promise.resolve(),
    },
  };
  const server = buildServer(definitions, peer);
  try {
    return await new Promise((resolve, reject) => {
      const transport: Transport = {
        start: () => Promise.resolve(),
        close: () => Promise.resolve(),
        send: (message) => {
          if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) resolve(message);
          return Promise.resolve();
        },
      };
      server.connect(transport).then(() => transport.onmessage?.(request), reject);
    });
  } finally {
    await server.close();
  }
}
