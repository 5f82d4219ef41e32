import { BatchSize } from '../databases/batches.ts';
import { Deadline } from '../databases/deadline.ts';
import type { Asking, RowStream, Statement } from '../source.ts';
import { Cursor, DECLARE_LENGTH } from './transaction.ts';
import type { Transactions } from './transactions.ts';
import type { TypeCatalogue } from './type-catalogue.ts';

/** All rows of a query; its transaction lasts until the last one was taken, or nobody wants them any more. */
export async function streamRows(
  transactions: Transactions,
  types: TypeCatalogue,
  asking: Asking,
  { sql, text, params }: Statement & { readonly text: string },
): Promise<RowStream> {
  const deadline = new Deadline(asking, asking.timeoutMs);
  const { signal } = deadline;
  const work = { sql, prefix: DECLARE_LENGTH, timeoutMs: asking.timeoutMs };
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
    connection.destroy();
    void leave();
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
  const size = new BatchSize();
  const { cursor, first, reader } = await guarded(async () => {
    // All rows are wanted, not the first ones soon.
    await connection.own('SET LOCAL cursor_tuple_fraction = 1');
    const cursor = await Cursor.declare(connection, { sql: text, params }, signal);
    const first = await cursor.fetch(size.next);
    return { cursor, first, reader: await types.reader(connection, first) };
  });
  signal.addEventListener('abort', abandon, { once: true });
  async function* batches(): AsyncGenerator<RowStream['batches'] extends AsyncIterable<infer B> ? B : never> {
    try {
      let wanted = size.next;
      for (let rows = reader.read(first.rows); rows.length > 0;) {
        size.seen(rows);
        yield rows;
        if (rows.length < wanted) return;
        wanted = size.next;
        const next = await guarded(() => cursor.fetch(wanted));
        rows = reader.read(next.rows);
      }
    } finally {
      await leave();
    }
  }
  return { columns: reader.columns, batches: batches() };
}
