import { hash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/errors.ts';
import type { Store } from '../../../core/store.ts';
import type { Root } from '../workspace/root.ts';
import { quoted } from '../workspace/virtual-path.ts';

/** A file of which nobody else changes anything through this service. */
export interface Lock {
  /**
   * To be asked right before the change that the lock is for.
   *
   * @throws AppError `BUSY` when it took so long that others may have the lock by now
   */
  confirm(): Promise<void>;
}

/** Seconds after which the lock of a process that was killed is free again; others wait for longer than that. */
const LIFETIME = 10;
const RENEWAL_MS = 3000;
const PATIENCE_MS = 20_000;
const FIRST_PAUSE_MS = 4;
const LAST_PAUSE_MS = 100;

/**
 * One change of a file at a time, over all processes that share the store: between looking at what a file is
 * and changing it, no other call comes. Within a process calls take turns in the order in which they came.
 */
export class FileLocks {
  readonly #store: Pick<Store, 'swap'>;
  /** The last that waits for each key. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(store: Pick<Store, 'swap'>) {
    this.#store = store;
  }

  /**
   * @param path Virtual, after links.
   * @throws AppError `BUSY` when others hold it all the time; the signal's reason when that aborts while waiting
   */
  async hold<T>(root: Root, path: string, signal: AbortSignal, work: (lock: Lock) => Promise<T>): Promise<T> {
    const key = `workspace:lock:${hash('sha256', JSON.stringify([root.name, path]), 'base64url')}`;
    const before = this.#turns.get(key);
    let endTurn = (): void => undefined;
    const turn = new Promise<void>((resolve) => (endTurn = resolve));
    this.#turns.set(key, turn);
    try {
      await untilAborted(before, signal);
      return await this.#locked({ key, path, signal }, work);
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
      endTurn();
    }
  }

  async #locked<T>(
    { key, path, signal }: { key: string; path: string; signal: AbortSignal },
    work: (lock: Lock) => Promise<T>,
  ): Promise<T> {
    const holder = randomUUID();
    await this.#acquire({ key, path, signal, holder });
    const confirm = async (): Promise<void> => {
      signal.throwIfAborted();
      if (!(await this.#store.swap(key, holder, holder, LIFETIME))) throw busy(path);
    };
    // Whether it held is what `confirm` asks.
    const renewal = setInterval(() => {
      this.#store.swap(key, holder, holder, LIFETIME).catch(() => undefined);
    }, RENEWAL_MS);
    try {
      return await work({ confirm });
    } finally {
      clearInterval(renewal);
      // Where the store is out of reach now, the lock ends by itself; what the work came to counts.
      await this.#store.swap(key, holder, undefined, LIFETIME).catch(() => undefined);
    }
  }

  async #acquire(wanted: { key: string; path: string; signal: AbortSignal; holder: string }): Promise<void> {
    const { key, path, signal, holder } = wanted;
    const end = performance.now() + PATIENCE_MS;
    for (let delay = FIRST_PAUSE_MS; ; delay = Math.min(delay * 2, LAST_PAUSE_MS)) {
      signal.throwIfAborted();
      if (await this.#store.swap(key, undefined, holder, LIFETIME)) return;
      if (performance.now() > end) throw busy(path);
      await pause(delay * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Turns are a courtesy to the store; who gives up waiting lets the next one go on, which the store then holds. */
async function untilAborted(turn: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (turn === undefined) return;
  const settled = new AbortController();
  const gaveUp = new Promise<void>((resolve) => {
    const options = { once: true, signal: settled.signal };
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      options,
    );
  });
  await Promise.race([turn, gaveUp]);
  settled.abort();
  signal.throwIfAborted();
}

function busy(path: string): AppError {
  return new AppError('BUSY', `${quoted(path)} is being changed by others. Nothing was changed.`, {
    retryAfter: 1,
  });
}
