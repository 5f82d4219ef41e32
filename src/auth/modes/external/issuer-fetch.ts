import { isLoopback } from '../../../core/loopback.ts';
import { boundedBody } from '../../bounded-body.ts';

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
    return await boundedBody(response, MAX_BYTES);
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
