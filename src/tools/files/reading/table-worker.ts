import { parentPort, workerData } from 'node:worker_threads';
import { type TableAnswer, type TableQuestion, TableTooLarge } from './table.ts';

// A thread of its own: decoding takes processor time that belongs to other callers, and it can be ended
// at any moment. Each format's library is loaded only when it is needed.
const READERS = {
  parquet: async () => (await import('./parquet.ts')).readParquet,
  workbook: async () => (await import('./workbook.ts')).readWorkbook,
};

async function answer(question: TableQuestion): Promise<TableAnswer> {
  try {
    const read = await READERS[question.format]();
    return { table: await read(question) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { problem: error instanceof TableTooLarge ? 'too-large' : 'damaged', detail };
  }
}

parentPort?.postMessage(await answer(workerData as TableQuestion));
