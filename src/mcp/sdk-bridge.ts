import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';
import type { EventStreams } from './event-streams.ts';
import { Exchange } from './exchange.ts';
import type { Peer } from './peer.ts';

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

/** Has the SDK judge and answer a request. Its handler speaks the Fetch API; the body is handed over parsed. */
export async function askSdk(exchange: Exchange, body: unknown, handler: McpHttpHandler): Promise<Response> {
  const gone = new AbortController();
  exchange.onDisconnect(() => {
    gone.abort();
  });
  const answer = await handler.fetch(
    // The path without its query: nothing of it is for the SDK, and a query may hold what must not travel.
    new Request('http://fairlead.invalid/mcp', {
      method: exchange.request.method ?? 'POST',
      headers: headersOf(exchange),
      signal: gone.signal,
    }),
    { authInfo: authInfoOf(exchange), parsedBody: body },
  );
  if (gone.signal.aborted) await answer.body?.cancel();
  return answer;
}

/** Sends an answer of the SDK's that is no stream. */
export async function relay(answer: Response, { response }: Exchange): Promise<void> {
  if (response.destroyed) return;
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Lets the SDK answer; a stream is written on as it comes, as fast as the client takes it. */
export async function answerBySdk(
  exchange: Exchange,
  body: unknown,
  handler: McpHttpHandler,
  streams: EventStreams,
): Promise<void> {
  const answer = await askSdk(exchange, body, handler);
  if (exchange.response.destroyed) return;
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    await pour(answer, exchange, streams);
  } else await relay(answer, exchange);
}

async function pour(
  answer: Response,
  { response, principal }: Exchange,
  streams: EventStreams,
): Promise<void> {
  const out = streams.open(response, { kind: 'call', principal });
  for await (const chunk of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
    // The client is gone, which ends the stream but is no failure.
    if (!out.isOpen) return;
    out.pass(chunk);
  }
  out.end();
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

/** The client of one HTTP request, which stands alone: revision 2026-07-28 knows no sessions. */
export function peerOf(exchange: Exchange): Peer {
  const { principal, context } = exchange;
  return {
    principal,
    requestId: context.id,
    logger: context.logger,
    trace: context.trace,
    noteTool: (name) => {
      context.tool = name;
    },
    isAcquainted: ![undefined, 'server/discover'].includes(exchange.header('mcp-method')),
  };
}
