import type { Logger } from '../core/telemetry.ts';

/**
 * Calls `sweep` every so often, and again at once as long as it answers that more is left: each call
 * removes a bounded batch, so that other work gets its turn in between. Never keeps the process alive.
 */
export class Sweeper {
  readonly #sweep: () => Promise<boolean>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #running = false;
  #closed = false;

  constructor(sweep: () => Promise<boolean>, everyMs: number, logger: Logger) {
    this.#sweep = sweep;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#run(), everyMs).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (!this.#closed && (await this.#sweep())) await new Promise(setImmediate);
    } catch (error) {
      // What has expired is not returned in any case, and the next round comes.
      this.#logger.warn({ err: error }, 'Expired records could not be swept');
    } finally {
      this.#running = false;
    }
  }
}
