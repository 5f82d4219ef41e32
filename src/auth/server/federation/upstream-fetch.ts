import { AppError } from '../../../core/errors.ts';
import { isLoopback } from '../../../core/loopback.ts';

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
    const response = await fetch(url, {
      ...{ method, headers, body },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const content = await readBounded(response);
    if (response.status >= 500 || response.status === 429) throw new Error(`it answered ${response.status}`);
    return new Response(content.length === 0 ? null : content, response);
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

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const body: AsyncIterable<Uint8Array> | readonly never[] = response.body ?? [];
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > MAX_BYTES) throw new Error(`it answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
