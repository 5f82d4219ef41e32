import { AppError } from '../../../core/errors.ts';
import { isLoopback } from '../../../core/loopback.ts';
import { boundedBody } from '../../bounded-body.ts';

interface UpstreamRequest {
  readonly method?: string;
  readonly headers?: RequestInit['headers'];
  readonly body?: RequestInit['body'] | undefined;
}

/** The part of `fetch` that the protocol libraries use. */
export type UpstreamFetch = (url: string, request: UpstreamRequest) => Promise<Response>;

const TIMEOUT_MS = 5000;
const MAX_BYTES = 262_144;
const RETRY_SECONDS = 5;

/**
 * One request to an identity provider. It may stand in a private network, since the operator has named it;
 * what is told to it and by it is worth https. Redirects are answers here, which the callers refuse.
 *
 * @throws AppError `UNAVAILABLE` when it cannot be reached in five seconds, answers 5xx or 429, or more than
 *   256 KiB
 */
export const upstreamFetch: UpstreamFetch = async (url, { method = 'GET', headers = {}, body = null }) => {
  assertSecure(new URL(url));
  try {
    const answer = await fetch(url, {
      ...{ method, headers, body },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const response = await boundedBody(answer, MAX_BYTES);
    const { status } = response;
    if (status >= 500 || status === 429) throw new Error(`${url} answers with status ${status}`);
    return response;
  } catch (error) {
    throw unreachable(error);
  }
};

export function unreachable(cause?: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The identity provider cannot be reached at the moment.', {
    retryAfter: RETRY_SECONDS,
    ...(cause === undefined ? {} : { cause }),
  });
}

function assertSecure({ protocol, hostname, origin }: URL): void {
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return;
  throw new AppError('UNAVAILABLE', 'The identity provider cannot be used.', {
    cause: new Error(`it names ${origin}, which is neither https nor loopback`),
  });
}
