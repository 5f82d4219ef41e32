import { FairPlaces, type Taker } from '../../../core/fair-places.ts';
import { unlessAborted } from './patience.ts';

const IDLE_MS = 60_000;

/** A connection that is used by one after the other. */
export interface Poolable {
  /** Whether it can be used again. */
  readonly isUsable: boolean;
  /** Without a word to the server. */
  destroy(): void;
}

interface Driver<C extends Poolable> {
  readonly size: number;
  /** A new one, of an account that may be used. */
  open(): Promise<C>;
  /** Leaves nothing of what was done on it. */
  clean(connection: C): Promise<unknown>;
}

export interface Borrowed<C> {
  readonly connection: C;
  readonly release: () => Promise<void>;
}

/** The connections of one account, each used by one statement at a time and clean when the next one gets it. */
export class ConnectionPool<C extends Poolable> {
  readonly #driver: Driver<C>;
  readonly #places: FairPlaces;
  readonly #idle = new Map<C, NodeJS.Timeout>();
  readonly #used = new Set<C>();
  #isClosed = false;

  constructor(driver: Driver<C>) {
    this.#driver = driver;
    this.#places = new FairPlaces(driver.size);
  }

  /** Whether a statement runs on every connection that there may be. */
  get isBusy(): boolean {
    return this.#used.size >= this.#driver.size;
  }

  /**
   * A connection on which `begin` has succeeded. Release it, whatever comes of it. What `open`, `begin` and `clean`
   * do has to end by itself: who has gone meanwhile does not wait for it, but its place is taken until then.
   *
   * @throws what `open` and `begin` throw; the signal's reason; AppError `BUSY`
   */
  async acquire(taker: Taker, begin: (connection: C) => Promise<unknown>): Promise<Borrowed<C>> {
    const leave = await this.#places.take(taker);
    const coming = this.#ready(begin);
    let isHeld = true;
    const release = async (): Promise<void> => {
      if (!isHeld) return;
      isHeld = false;
      await coming.then((connection) => this.#release(connection)).finally(leave);
    };
    try {
      return { connection: await unlessAborted(taker.signal, coming), release };
    } catch (error) {
      // Who waits is told what this fails with, and who has gone does not want to know.
      release().catch(() => undefined);
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    for (const connection of [...this.#idle.keys(), ...this.#used]) connection.destroy();
    this.#idle.clear();
  }

  async #ready(begin: (connection: C) => Promise<unknown>): Promise<C> {
    return (await this.#reused(begin)) ?? (await this.#opened(begin));
  }

  /** One that is open already. Where it turns out to be lost, the others are hardly better: none waits for each. */
  async #reused(begin: (connection: C) => Promise<unknown>): Promise<C | undefined> {
    const [connection] = this.#idle.keys();
    if (connection === undefined) return undefined;
    this.#forget(connection);
    // What is not only the matter of this connection shows again with the next one.
    if (await this.#tried(connection, begin).catch(() => false)) return connection;
    for (const other of this.#idle.keys()) {
      this.#forget(other);
      other.destroy();
    }
    return undefined;
  }

  #forget(connection: C): void {
    clearTimeout(this.#idle.get(connection));
    this.#idle.delete(connection);
  }

  async #opened(begin: (connection: C) => Promise<unknown>): Promise<C> {
    const connection = await this.#driver.open();
    await this.#tried(connection, begin);
    return connection;
  }

  async #tried(connection: C, begin: (connection: C) => Promise<unknown>): Promise<boolean> {
    this.#used.add(connection);
    try {
      if (this.#isClosed || !connection.isUsable) throw new Error('The connection is closed');
      await begin(connection);
      return true;
    } catch (error) {
      this.#used.delete(connection);
      connection.destroy();
      throw error;
    }
  }

  async #release(connection: C): Promise<void> {
    this.#used.delete(connection);
    try {
      if (connection.isUsable) await this.#driver.clean(connection);
    } catch {
      // What cannot be cleaned is not used again.
      connection.destroy();
    }
    if (!connection.isUsable || this.#isClosed) {
      connection.destroy();
      return;
    }
    const timer = setTimeout(() => {
      this.#idle.delete(connection);
      connection.destroy();
    }, IDLE_MS);
    this.#idle.set(connection, timer.unref());
  }
}
