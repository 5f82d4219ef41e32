import { AppError } from '../core/errors.ts';
import type { FetchOptions } from '../core/fetch.ts';
import { urlBlocked } from './blocked.ts';
import { boundResponse } from './bounded-response.ts';
import type { ClientOptions, Send } from './client.ts';
import { outage } from './outage.ts';

export interface GuardedFetchOptions extends FetchOptions, Partial<Pick<ClientOptions, 'lookup'>> {
  /** Lets addresses of this machine through: for development and tests. Default false. */
  readonly allowLoopback?: boolean;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_RESPONSE_BYTES = 5 * 1024 * 1024;

/**
 * A `fetch` for URLs that strangers choose. It connects to public addresses only, where `reach` does not say
 * more: a literal address, all answers of the resolver and the connected peer are each checked. Redirects are answered, never
 * followed (`redirect: 'follow'` is taken as `'manual'`): a caller that follows one calls again, and its
 * target is judged anew. Cookies, credentials in the URL and proxies of the environment have no part in
 * it, and a `dispatcher` handed in is ignored. No trace is named to strangers: a tool that fetches from the
 * operator's own services adds `traceHeaders(call.trace)` to its headers.
 *
 * Rejects with AppError `URL_BLOCKED`, `TIMEOUT`, `FILE_TOO_LARGE` (also while the body is read) or
 * `SOURCE_UNAVAILABLE`, and with the reason of the caller's own signal when that one aborts.
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): typeof globalThis.fetch {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const maxBytes = options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES;
  const clientOptions = {
    ...options,
    timeoutMs,
    allowLoopback: options.allowLoopback ?? false,
    reach: options.reach ?? 'public',
  };
  let client: Promise<Send> | undefined;

  return async function guardedFetch(input, init) {
    assertFetchable(input);
    const request = new Request(input, init);
    const timeout = AbortSignal.timeout(timeoutMs);
    let hasAnswered = false;
    const explain = (error: unknown): unknown =>
      request.signal.aborted ? request.signal.reason : explained(error, timeout, hasAnswered);
    // The HTTP client is the heaviest thing here: loaded when the first URL is fetched.
    client ??= import('./client.ts').then(({ createClient }) => createClient(clientOptions));
    const send = await client;
    try {
      const response = await send(request.url, {
        method: request.method,
        headers: [...request.headers],
        body: request.body === null ? null : new Uint8Array(await request.arrayBuffer()),
        signal: AbortSignal.any([request.signal, timeout]),
        redirect: request.redirect === 'error' ? 'error' : 'manual',
      });
      hasAnswered = true;
      return await boundResponse(response, { maxBytes, explain });
    } catch (error) {
      throw explain(error);
    }
  };
}

function assertFetchable(input: string | URL | Request): void {
  const text = input instanceof Request ? input.url : String(input);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw urlBlocked('This is not an http or https URL.');
  }
  if (url.username !== '' || url.password !== '') {
    throw urlBlocked('A URL with a user name or password in it is not fetched.');
  }
}

/** What the caller shall see: an error of ours as it is, whatever it was wrapped in, and nothing foreign. */
function explained(error: unknown, timeout: AbortSignal, hasAnswered: boolean): AppError {
  if (timeout.aborted) {
    return new AppError('TIMEOUT', 'The server of this URL took too long to answer.', { cause: error });
  }
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (inner instanceof AppError) return inner;
  }
  return outage(error, hasAnswered);
}
