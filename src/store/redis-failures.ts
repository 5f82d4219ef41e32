import { ErrorReply } from '@redis/client';
import { AppError } from '../core/errors.ts';
import type { RedisAddress } from './redis-address.ts';

/**
 * What went wrong, without what was sent: Redis repeats the arguments of commands that it does not know,
 * and those may be values.
 */
export function reasonOf(error: unknown): Error & { readonly code: string | undefined } {
  const [text = ''] = error instanceof Error ? error.message.split(', with args') : [];
  const reason = new Error(text === '' ? 'Unknown failure' : text);
  // Where in the library it arose tells an operator nothing.
  return Object.assign(reason, { code: codeOf(error), stack: String(reason) });
}

/** The first word of what Redis answered (`NOSCRIPT`, `READONLY`), or the code of a failed connection. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof ErrorReply) return /^[A-Z]+/.exec(error.message)?.[0];
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What is wrong with the configuration, where trying again would not help. */
export function refusalOf(error: unknown, address: RedisAddress): AppError | undefined {
  const server = `Redis at ${address.host}:${address.port}`;
  const code = codeOf(error) ?? '';
  if (/^(WRONGPASS|NOAUTH)$/.test(code) || (error instanceof ErrorReply && error.message.includes('AUTH'))) {
    return refusal(error, `${server} does not accept the name and password of FAIRLEAD_STORE.`, {
      next: 'write them as redis://user:password@host, with % codes for characters that URLs keep for themselves',
    });
  }
  if (code === 'NOPERM') {
    return refusal(error, `${server} forbids its user a command that the store needs.`, {
      next: 'see docs/replicas.md for what the user must be allowed to do',
    });
  }
  if (error instanceof ErrorReply && /\bDB\b/i.test(error.message)) {
    return refusal(error, `${server} has no database ${address.database}.`, {
      next: 'use a database that it has, such as 0, in FAIRLEAD_STORE',
    });
  }
  if (/CERT|SIGNATURE|^ERR_(TLS|SSL)/.test(code)) {
    return refusal(error, `The TLS connection to ${server} cannot be trusted (${code}).`, {
      next: 'name the host that its certificate is for, and its authority by NODE_EXTRA_CA_CERTS',
    });
  }
  return undefined;
}

function refusal(cause: unknown, message: string, { next }: { readonly next: string }): AppError {
  return new AppError('CONFIGURATION_INVALID', message, { next, cause: reasonOf(cause) });
}
