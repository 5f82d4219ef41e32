import { once } from 'node:events';
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';
import { Exchange } from './exchange.ts';

const EXCHANGE = 'exchange';

/** What the SDK hands through to its server factory. The token stays out: nothing behind authentication gets to see it. */
function authInfoOf(exchange: Exchange): AuthInfo {
  const { clientId, scopes, expiresAt } = exchange.principal;
  return { token: '', clientId, scopes: [...scopes.granted], expiresAt, extra: { [EXCHANGE]: exchange } };
}

/** The exchange that the SDK was called for. */
export function exchangeIn(authInfo: AuthInfo | undefined): Exchange {
  const exchange = authInfo?.extra?.[EXCHANGE];
  if (!(exchange instanceof Exchange)) throw new Error('The SDK was called without an exchange');
  return exchange;
}

/**
 * Lets the SDK answer. Its handler speaks the Fetch API: the body is handed over parsed, and the answer
 * is written on as it comes, as fast as the client takes it.
 */
export async function answerBySdk(
  exchange: Exchange,
  body: unknown,
  handler: McpHttpHandler,
  onStream: () => () => void,
): Promise<void> {
  const { request, response } = exchange;
  const gone = new AbortController();
  const forget = exchange.onDisconnect(() => {
    gone.abort();
  });
  try {
    const answer = await handler.fetch(
      // The path without its query: nothing of it is for the SDK, and a query may hold what must not travel.
      new Request('http://fairlead.invalid/mcp', {
        method: request.method ?? 'POST',
        headers: headersOf(exchange),
        signal: gone.signal,
      }),
      { authInfo: authInfoOf(exchange), parsedBody: body },
    );
    if (gone.signal.aborted) {
      await answer.body?.cancel();
      return;
    }
    const headers = Object.fromEntries(answer.headers);
    // Hop-by-hop: Node's to decide (RFC 9110 §7.6.1).
    delete headers['connection'];
    response.writeHead(answer.status, headers);
    if (headers['content-type']?.startsWith('text/event-stream') !== true) {
      response.end(Buffer.from(await answer.arrayBuffer()));
      return;
    }
    await pour(answer, exchange, onStream);
  } finally {
    forget();
  }
}

async function pour(answer: Response, exchange: Exchange, onStream: () => () => void): Promise<void> {
  const { response } = exchange;
  const closed = new AbortController();
  response.once('close', () => {
    closed.abort();
  });
  const streamEnded = onStream();
  response.flushHeaders();
  try {
    for await (const chunk of answer.body ?? []) {
      if (!response.write(chunk)) await once(response, 'drain', { signal: closed.signal });
    }
    response.end();
  } catch (error) {
    // The client is gone, which ends the stream but is no failure.
    if (!closed.signal.aborted) throw error;
  } finally {
    streamEnded();
  }
}

function headersOf(exchange: Exchange): Headers {
  const headers = new Headers();
  for (const name of Object.keys(exchange.request.headers)) {
    const value = exchange.header(name);
    // The token ends at authentication.
    if (value !== undefined && name !== 'authorization' && name !== 'cookie') headers.set(name, value);
  }
  return headers;
}
