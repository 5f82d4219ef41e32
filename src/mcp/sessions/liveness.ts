import type { Store } from '../../core/store.ts';
import type { Logger } from '../../core/telemetry.ts';

const BEAT_MS = 2000;
const LIFETIME_SECONDS = 6;

/** Shows other processes that this one lives, as long as something here depends on that. */
export class Liveness {
  readonly #store: Store;
  readonly #self: string;
  readonly #logger: Logger;
  #holders = 0;
  #timer: NodeJS.Timeout | undefined;
  #shown: Promise<void> | undefined;

  constructor(store: Store, self: string, logger: Logger) {
    this.#store = store;
    this.#self = self;
    this.#logger = logger;
  }

  /** Resolves once others can see it; answers how to let go. */
  async hold(): Promise<() => void> {
    this.#holders++;
    this.#timer ??= setInterval(() => {
      this.#shown = this.#beat();
    }, BEAT_MS).unref();
    await (this.#shown ??= this.#beat());
    return () => {
      if (--this.#holders > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
      this.#shown = undefined;
    };
  }

  async isAlive(process: string): Promise<boolean> {
    return process === this.#self || (await this.#store.get(keyOf(process))) !== undefined;
  }

  async #beat(): Promise<void> {
    try {
      await this.#store.put(keyOf(this.#self), '1', LIFETIME_SECONDS);
    } catch (error) {
      this.#logger.warn({ err: error }, 'other processes cannot see this one');
    }
  }
}

function keyOf(process: string): string {
  return `mcp:process:${process}`;
}
