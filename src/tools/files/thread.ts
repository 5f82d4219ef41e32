import { Worker } from 'node:worker_threads';
import { FairLimiter } from '../../core/fair-limiter.ts';
import type { Taker } from '../../core/fair-places.ts';

/** What became of a thread's work. */
export type ThreadAnswer<A> = { readonly answer: A } | { readonly outOfMemory: true };

const MAX_HEAP_MB = 512;
const THREADS = 2;
const PLACES = { global: THREADS, perPrincipal: THREADS, queuePerPrincipal: 32, queueWaitMs: 20_000 };

/** Threads of one program, two at a time; people who wait for one have their turns. */
export class Threads {
  readonly #program: string | URL;
  readonly #places = new FairLimiter(PLACES);

  constructor(program: string | URL) {
    this.#program = program;
  }

  /**
   * Has the program answer one question in a thread that ends with it, or with the signal: when this settles, the
   * thread does nothing more.
   *
   * @param question Is copied.
   * @throws AppError `BUSY`; the signal's reason
   */
  async ask<A>(question: unknown, { subject, signal }: Taker): Promise<ThreadAnswer<A>> {
    const release = this.#places.tryAcquire(subject) ?? (await this.#places.acquire(subject, signal));
    try {
      return await askThread<A>(this.#program, question, signal);
    } finally {
      release();
    }
  }
}

function askThread<A>(
  program: string | URL,
  question: unknown,
  signal: AbortSignal,
): Promise<ThreadAnswer<A>> {
  signal.throwIfAborted();
  const worker = new Worker(program, {
    workerData: question,
    env: {},
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
  });
  return new Promise<ThreadAnswer<A>>((resolve, reject) => {
    const abort = (): void => {
      const rejectNow = (): void => {
        reject(signal.reason as Error);
      };
      // It may still write to a descriptor, which is somebody else's once it is closed here.
      worker.terminate().then(rejectNow, rejectNow);
    };
    signal.addEventListener('abort', abort, { once: true });
    worker.once('message', (answer: A) => {
      resolve({ answer });
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve({ outOfMemory: true });
      else reject(error);
    });
    worker.once('exit', () => {
      signal.removeEventListener('abort', abort);
      if (!signal.aborted) reject(new Error('The thread ended without an answer'));
    });
  });
}
