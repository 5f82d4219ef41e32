import { nearestName } from '../../../core/arguments.ts';
import { AppError } from '../../../core/errors.ts';

interface SqlProblem {
  readonly message: string;
  /** `line 1, column 8` */
  readonly position?: string | undefined;
  /** The name that the engine did not find, and those that there are. */
  readonly missing?: { readonly name: string; readonly candidates: readonly string[] } | undefined;
  /** In the engine's words. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

const MAX_MESSAGE = 600;
const MAX_CANDIDATES = 12;

/** What the engine finds wrong with a statement, with what helps to correct it. */
export function sqlError({ message, position, missing, hint, cause }: SqlProblem): AppError {
  const said = message.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE).replace(/\.$/, '');
  const at = position === undefined ? '' : ` at ${position}`;
  return new AppError('SQL_ERROR', `${said}${at}.${hint === undefined ? '' : ` ${hint}`}`, {
    next: nextOf(missing),
    cause,
  });
}

function nextOf(missing: SqlProblem['missing']): string {
  if (missing === undefined || missing.candidates.length === 0) {
    return 'correct the statement; describe_data tells tables and columns';
  }
  const own = missing.name.split('.').at(-1) ?? missing.name;
  const nearest = nearestName(own, missing.candidates) ?? nearestName(missing.name, missing.candidates);
  if (nearest !== undefined) return `use ${nearest} instead of ${missing.name}`;
  const listed = missing.candidates.slice(0, MAX_CANDIDATES).join(', ');
  return `use one of ${listed}${missing.candidates.length > MAX_CANDIDATES ? ', …' : ''}`;
}

export function unavailable(name: string, reason: string, cause?: unknown): AppError {
  return new AppError('SOURCE_UNAVAILABLE', `The source ${name} is not available: ${reason}.`, {
    next: 'try again later, or tell the operator; info {"section":"sources"} says how the sources fare',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** @param error That no server has sent: there is none, or none that may be trusted. */
export function unreachable(name: string, error: unknown): AppError {
  const told = error instanceof Error ? `${'code' in error ? String(error.code) : ''} ${error.message}` : '';
  // OpenSSL's words for what is wrong with it are many, and each driver passes them on in another way.
  const isDistrusted = /certificate|\bCERT|_CERT/i.test(told);
  const reason = isDistrusted ? 'its server’s certificate is not trusted' : 'its server cannot be reached';
  return unavailable(name, reason, error);
}

/** For the operator, what {@link unavailable} tells callers as well. */
export function reasonOf(error: Error): string {
  if (error instanceof AppError && error.code === 'TIMEOUT') return 'its server does not answer';
  return error.message.replace(/^The source \S+ is not available: /, '').replace(/\.$/, '');
}
