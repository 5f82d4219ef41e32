import { AppError } from '../../../core/errors.ts';
import { callText } from '../../../core/phrases.ts';
import type { Asking, Statement } from '../source.ts';
import type { EngineOptions } from './options.ts';
import { statementError } from './statement-errors.ts';

const MAX_SQL = 100_000;

/** One call, with the time that it has. */
export class Turn {
  readonly asking: Asking;
  readonly statement: Statement;
  /** Of the caller and of the time that is left, together. */
  readonly signal: AbortSignal;
  readonly #deadline: AbortSignal;
  readonly #options: EngineOptions;
  readonly #maxBytes: number | undefined;
  #hasBegun = false;

  /**
   * @param maxBytes That may be written.
   * @throws AppError `INVALID_ARGUMENT` for a statement that is too long
   */
  constructor(options: EngineOptions, asking: Asking, statement: Statement, maxBytes?: number) {
    if (statement.sql.length > MAX_SQL) {
      throw new AppError('INVALID_ARGUMENT', `The statement is longer than ${MAX_SQL} characters.`, {
        next: 'put long lists of values into a file and join it',
      });
    }
    this.#options = options;
    this.#maxBytes = maxBytes;
    this.asking = asking;
    this.statement = statement;
    this.#deadline = AbortSignal.timeout(asking.timeoutMs);
    this.signal = AbortSignal.any([asking.signal, this.#deadline]);
  }

  /** It has its place: until then its time passes in waiting for others. */
  begin(): void {
    this.#hasBegun = true;
  }

  /** Does the work, and tells the caller in their words why it failed. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.explained(error);
    }
  }

  explained(error: unknown): unknown {
    return statementError(error, {
      asking: this.asking,
      again: againWith(this.asking, this.statement),
      deadline: this.#deadline,
      hasBegun: this.#hasBegun,
      statement: this.statement,
      options: this.#options,
      ...(this.#maxBytes === undefined ? {} : { maxBytes: this.#maxBytes }),
    });
  }
}

/** The call that asks the same of another statement. */
export function againWith({ again }: Asking, { params }: Statement): (sql: string) => string {
  return again ?? ((sql) => callText('query_data', params.length === 0 ? { sql } : { sql, params }));
}

/** What is not allowed does not exist. */
export function demandSource({ principal }: Asking): void {
  if (principal.permit.allowsSource('files')) return;
  throw new AppError('INVALID_ARGUMENT', 'There is no source "files".', {
    next: 'info {"section":"sources"}',
  });
}
