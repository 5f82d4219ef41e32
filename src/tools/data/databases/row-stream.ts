import type { Taker } from '../../../core/fair-places.ts';
import type { Asking, Column, RowStream } from '../source.ts';
import type { Batch } from './batches.ts';
import { Deadline } from './deadline.ts';

/** Rows of a statement that runs. */
export interface Running {
  readonly columns: readonly Column[];
  readonly next: () => Promise<Batch>;
}

/** What a stream needs while it lasts, for example a connection. */
interface Needs<H> {
  readonly acquire: (taker: Taker) => Promise<{ readonly held: H; readonly release: () => Promise<void> }>;
  readonly start: (held: H, signal: AbortSignal) => Promise<Running>;
  /** What the caller is told of an error. */
  readonly told: (error: unknown, held: H) => Promise<unknown>;
}

/** All rows; what they need is held until the last one was taken, or nobody wants them any more. */
export async function streamRows<H>(asking: Asking, { acquire, start, told }: Needs<H>): Promise<RowStream> {
  const deadline = new Deadline(asking, asking.timeoutMs);
  const { signal } = deadline;
  const taker = { subject: asking.principal.subject, signal };
  const { held, release } = await acquire(taker).catch((error: unknown) => {
    deadline.end();
    throw error;
  });
  let isWorking = false;
  const leave = async (): Promise<void> => {
    signal.removeEventListener('abort', abandon);
    deadline.end();
    await release();
  };
  // Also of a stream whose rows nobody asks for any more. What is under way ends by the signal, before it is left.
  const abandon = (): void => {
    if (!isWorking) void leave();
  };
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    isWorking = true;
    try {
      return await work();
    } catch (error) {
      const said: unknown = signal.aborted ? signal.reason : await told(error, held);
      await leave();
      throw said;
    } finally {
      isWorking = false;
      if (signal.aborted) await leave();
    }
  };
  signal.addEventListener('abort', abandon, { once: true });
  const { columns, next } = await step(() => start(held, signal));
  return { columns, batches: batchesOf(() => step(next), leave) };
}

async function* batchesOf(
  next: () => Promise<Batch>,
  leave: () => Promise<void>,
): AsyncGenerator<Batch['rows']> {
  try {
    for (let isOver = false; !isOver;) {
      const { rows, done } = await next();
      if (rows.length > 0) yield rows;
      isOver = done;
    }
  } finally {
    await leave();
  }
}
