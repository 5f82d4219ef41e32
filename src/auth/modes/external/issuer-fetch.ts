import { isLoopback } from '../../../core/loopback.ts';

/** A fetch for what the operator's issuers serve: bounded in time and size. */
export type IssuerFetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Of metadata, keys or an answer about a token. */
const MAX_BYTES = 256 * 1024;

/**
 * The operator vouches for the issuer, so that private addresses are fine; but a redirect would let whoever
 * answers there choose where keys come from, or where tokens and the client's secret go.
 *
 * @param timeoutMs For the whole exchange, with the body.
 */
export function createIssuerFetch(timeoutMs: number): IssuerFetch {
  return async function issuerFetch(url, init) {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { status, headers } = response;
    return new Response(await readBounded(response), { status, headers });
  };
}

/**
 * The JSON object at an address.
 *
 * @throws Error unless there is one, with status 200
 */
export async function fetchObject(
  fetch: IssuerFetch,
  url: string,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { headers: { accept: 'application/json' } });
  if (response.status !== 200) throw new Error(`${url} answers with status ${response.status}`);
  const content: unknown = await response.json();
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new Error(`${url} answers with something else than a JSON object`);
  }
  return { ...content };
}

/**
 * An address that the metadata of an issuer names, if it is as safe as the issuer's own: https, or http on
 * loopback where the issuer is there too.
 */
export function endpointOf(issuer: string, address: unknown): string | undefined {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  if (url === null) return undefined;
  const local = issuer.startsWith('http:') && url.protocol === 'http:' && isLoopback(url.hostname);
  return url.protocol === 'https:' || local ? url.href : undefined;
}

/** Counted after decompression: what is small on the wire may be huge in memory. */
async function readBounded({ body, url }: Response): Promise<Buffer<ArrayBuffer>> {
  const content: AsyncIterable<Uint8Array> | null = body;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`The answer of ${url} is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
