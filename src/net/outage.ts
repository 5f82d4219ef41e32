import { AppError } from '../core/errors.ts';

/** Of the resolver (getaddrinfo(3)). */
const NAMELESS: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENODATA']);
/** Of Node.js and of OpenSSL ("X509 certificate error codes" of the Node.js manual). */
const UNTRUSTED =
  /^(?:CERT_|ERR_TLS_CERT_|UNABLE_TO_(?:GET|VERIFY|DECRYPT)_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH$)/;

/** What went wrong with a server, in words that tell what the one who chose the URL can do; the rest is the cause. */
export function outage(error: unknown, hasAnswered: boolean): AppError {
  const [message, next] = wordsFor(codesOf(error), hasAnswered);
  return new AppError('SOURCE_UNAVAILABLE', message, { cause: error, next });
}

function wordsFor(codes: readonly string[], hasAnswered: boolean): readonly [message: string, next: string] {
  if (hasAnswered) {
    return [
      'The server of this URL broke off its answer, or packed it in a way that cannot be unpacked.',
      'make the call once more, or go on without it',
    ];
  }
  if (codes.some((code) => NAMELESS.has(code))) {
    return ['The host name of this URL leads to no server.', 'check the host name of the URL'];
  }
  if (codes.some((code) => UNTRUSTED.test(code))) {
    return [
      'The certificate that the server of this URL shows is not valid for it, or not trusted.',
      'check the host name of the URL, or go on without it',
    ];
  }
  return [
    'The server of this URL cannot be reached.',
    'check host name and port of the URL, or try again later',
  ];
}

/** Of the error and what it was wrapped in. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if ('code' in inner && typeof inner.code === 'string') codes.push(inner.code);
  }
  return codes;
}
