import type { Store } from '../../core/store.ts';
import type { Logger } from '../../core/telemetry.ts';

const BEAT_MS = 1500;
const LIFETIME_SECONDS = 5;
/** What the store did not take is shown again this soon. */
const RETRY_MS = 250;
/** A process that cannot be seen may have been kept from showing itself; longer than it takes to do so again. */
const CONFIRM_MS = 2000;

/** Shows other processes that this one lives, as long as something here depends on that. */
export class Liveness {
  readonly #store: Store;
  readonly #self: string;
  readonly #logger: Logger;
  #holders = 0;
  #timer: NodeJS.Timeout | undefined;
  #shown: Promise<void> | undefined;
  #isHidden = false;

  constructor(store: Store, self: string, logger: Logger) {
    this.#store = store;
    this.#self = self;
    this.#logger = logger;
  }

  /** Resolves once others can see it; answers how to let go. */
  async hold(): Promise<() => void> {
    this.#holders++;
    this.#timer ??= this.#beatIn(BEAT_MS);
    await (this.#shown ??= this.#beat().then(() => undefined));
    return () => {
      if (--this.#holders > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#shown = undefined;
    };
  }

  /**
   * Looks twice before it says no: while the store is away nobody can show that they live, and when it is back
   * what they had shown before may have expired.
   */
  async isAlive(process: string): Promise<boolean> {
    if (process === this.#self) return true;
    if (await this.#isShown(process)) return true;
    await new Promise((resolve) => {
      setTimeout(resolve, CONFIRM_MS).unref();
    });
    return this.#isShown(process);
  }

  async #isShown(process: string): Promise<boolean> {
    return (await this.#store.get(keyOf(process))) !== undefined;
  }

  #beatIn(milliseconds: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const beat = this.#beat();
      this.#shown = beat.then(() => undefined);
      void beat.then((isShown) => {
        if (this.#timer === timer) this.#timer = this.#beatIn(isShown ? BEAT_MS : RETRY_MS);
      });
    }, milliseconds);
    return timer.unref();
  }

  /** Whether the others can see it. */
  async #beat(): Promise<boolean> {
    try {
      await this.#store.put(keyOf(this.#self), '1', LIFETIME_SECONDS);
      this.#isHidden = false;
      return true;
    } catch (error) {
      // An outage is one line in the log.
      if (!this.#isHidden) this.#logger.warn({ err: error }, 'other processes cannot see this one');
      this.#isHidden = true;
      return false;
    }
  }
}

function keyOf(process: string): string {
  return `mcp:process:${process}`;
}
