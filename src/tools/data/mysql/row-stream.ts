import { Deadline } from '../databases/deadline.ts';
import { BATCH_BYTES, BATCH_ROWS, weightOf } from '../databases/values.ts';
import type { Asking, RowStream, Statement, Value } from '../source.ts';
import type { RowSource } from './connection.ts';
import { proofOf } from './guarded-query.ts';
import type { Transactions } from './transactions.ts';
import { columnOf, valueOf } from './types.ts';

/** All rows of a query; its transaction lasts until the last one was taken, or nobody wants them any more. */
export async function streamRows(
  transactions: Transactions,
  asking: Asking,
  { sql, text, params }: Statement & { readonly text: string },
): Promise<RowStream> {
  const deadline = new Deadline(asking, asking.timeoutMs);
  const { signal } = deadline;
  const work = { sql, timeoutMs: asking.timeoutMs };
  const { connection, release } = await transactions
    .begin(work, { subject: asking.principal.subject, signal })
    .catch((error: unknown) => {
      deadline.end();
      throw error;
    });
  const leave = async (): Promise<void> => {
    signal.removeEventListener('abort', abandon);
    deadline.end();
    await release();
  };
  // Also of a stream whose rows nobody asks for any more.
  const abandon = (): void => {
    void connection.stop().then(leave);
  };
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      const told = signal.aborted
        ? (signal.reason as Error)
        : await transactions.told(error, connection, work);
      await leave();
      throw told;
    }
  };
  const { fields, rows } = await guarded(async () => {
    await connection.parse(text);
    await connection.parse(proofOf(text));
    return connection.start(text, params, signal);
  });
  signal.addEventListener('abort', abandon, { once: true });
  async function* batches(): AsyncGenerator<readonly (readonly Value[])[]> {
    let isOver = false;
    try {
      while (!isOver) {
        const batch = await guarded(() => nextBatch({ fields, rows }));
        isOver = batch.isOver;
        if (batch.rows.length > 0) yield batch.rows;
      }
    } finally {
      if (!isOver && !signal.aborted) await connection.stop();
      await leave();
    }
  }
  return { columns: fields.map(columnOf), batches: batches() };
}

async function nextBatch({ fields, rows }: RowSource): Promise<{ rows: Value[][]; isOver: boolean }> {
  const taken: Value[][] = [];
  for (let weight = 0; weight < BATCH_BYTES && taken.length < BATCH_ROWS;) {
    const next = await rows.next();
    if (next.done === true) return { rows: taken, isOver: true };
    const row = next.value.map((value, index) => valueOf(value, fields[index]));
    weight += weightOf(row);
    taken.push(row);
  }
  return { rows: taken, isOver: false };
}
