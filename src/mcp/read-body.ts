import type { IncomingMessage } from 'node:http';
import { AppError } from '../core/errors.ts';

/**
 * Reads a request's body whole, up to a limit of bytes that is enforced while it arrives. Slow senders
 * are ended by the server's own request time-out.
 *
 * @throws AppError `BODY_TOO_LARGE`, or `BAD_REQUEST` when the client goes away in the middle.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length']);
  if (declared > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      settle();
      request.pause();
      reject(tooLarge(limitBytes));
    };
    const onEnd = (): void => {
      settle();
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length));
    };
    const onClose = (): void => {
      settle();
      reject(new AppError('BAD_REQUEST', 'The request ended before its body did.'));
    };
    const settle = (): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function tooLarge(limitBytes: number): AppError {
  return new AppError('BODY_TOO_LARGE', `The body is larger than the limit of ${limitBytes} bytes.`, {
    next: 'send less at once',
  });
}
