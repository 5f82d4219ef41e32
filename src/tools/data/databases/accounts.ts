import { AppError } from '../../../core/errors.ts';
import type { HealthReport } from '../../../core/health.ts';
import type { ServerOptions } from '../options/databases.ts';
import { type Engine, type Purpose, type ServerConnection, Transactions } from './transactions.ts';

/** The accounts by which a server is asked: one reads, and where that is allowed another one makes changes. */
export class Accounts<C extends ServerConnection> {
  readonly reading: Transactions<C>;
  readonly #name: string;
  readonly #changing: Transactions<C> | undefined;

  constructor(options: ServerOptions, engineFor: (purpose: Purpose) => Engine<C>) {
    const { name, url, writable, writeUrl } = options;
    this.#name = name;
    this.reading = new Transactions(options, url, engineFor('read'));
    const changes = writable && writeUrl !== undefined;
    this.#changing = changes ? new Transactions(options, writeUrl, engineFor('change')) : undefined;
  }

  /** @throws AppError `READ_ONLY` where the operator has not allowed changes */
  get changing(): Transactions<C> {
    if (this.#changing !== undefined) return this.#changing;
    throw new AppError('READ_ONLY', `The source ${this.#name} cannot be changed.`);
  }

  async check(): Promise<HealthReport> {
    const reading = await this.reading.check();
    if (reading.status !== 'ok' || this.#changing === undefined) return reading;
    const changing = await this.#changing.check();
    return changing.status === 'ok'
      ? changing
      : { ...changing, detail: `for changes: ${changing.detail ?? ''}` };
  }

  close(): void {
    this.reading.close();
    this.#changing?.close();
  }
}
