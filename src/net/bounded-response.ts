import type { Response as UndiciResponse } from 'undici';
import { AppError } from '../core/errors.ts';

interface Bounds {
  /** Bytes of the body after decompression: what is small on the wire may be huge in memory. */
  readonly maxBytes: number;
  /** Turns what goes wrong while the body is read into what the reader shall see. */
  readonly explain: (error: unknown) => unknown;
}

/** Statuses that come without a body (Fetch §2.2.3). */
const NULL_BODY = new Set([101, 204, 205, 304]);

/**
 * The same response, as the platform's own class, with a body that fails once it is too large.
 *
 * @throws AppError `FILE_TOO_LARGE` when the server announces more than is allowed
 */
export async function boundResponse(response: UndiciResponse, bounds: Bounds): Promise<Response> {
  const { body, status, statusText, url } = response;
  if (body !== null && Number(response.headers.get('content-length')) > bounds.maxBytes) {
    await body.cancel();
    throw tooLarge(bounds.maxBytes);
  }
  const bounded = new Response(body === null || NULL_BODY.has(status) ? null : boundBody(body, bounds), {
    status,
    statusText,
    headers: [...response.headers],
  });
  // The constructor has no place for it, and callers resolve relative references against it.
  Object.defineProperty(bounded, 'url', { value: url });
  return bounded;
}

function boundBody(
  body: NonNullable<UndiciResponse['body']>,
  { maxBytes, explain }: Bounds,
): ReadableStream<Uint8Array> {
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  let received = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        received += value.byteLength;
        if (received > maxBytes) throw tooLarge(maxBytes);
        controller.enqueue(value);
      } catch (error) {
        controller.error(explain(error));
        await reader.cancel().catch(() => undefined);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('FILE_TOO_LARGE', `The response is larger than ${maxBytes} bytes.`);
}
