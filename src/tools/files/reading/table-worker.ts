import { parentPort, workerData } from 'node:worker_threads';
import {
  type SheetAnswer,
  type SheetQuestion,
  type TableAnswer,
  type TableQuestion,
  TableTooLarge,
} from './table.ts';

// A thread of its own: decoding takes processor time that belongs to other callers, and it can be ended
// at any moment. Each format's library is loaded only when it is needed.
const READERS = {
  parquet: async () => (await import('./parquet.ts')).readParquet,
  workbook: async () => (await import('./workbook.ts')).readWorkbook,
};

async function answer(question: TableQuestion | SheetQuestion): Promise<TableAnswer | SheetAnswer> {
  try {
    if (question.format === 'sheet') return await answerSheet(question);
    const read = await READERS[question.format]();
    return { table: await read(question) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { problem: error instanceof TableTooLarge ? 'too-large' : 'damaged', detail };
  }
}

async function answerSheet(question: SheetQuestion): Promise<SheetAnswer> {
  const [{ writeSheet }, { UnknownSheet }] = await Promise.all([
    import('./sheet-csv.ts'),
    import('./workbook.ts'),
  ]);
  try {
    writeSheet(question);
    return { written: true };
  } catch (error) {
    if (error instanceof UnknownSheet) return { sheets: error.sheets };
    throw error;
  }
}

parentPort?.postMessage(await answer(workerData as TableQuestion | SheetQuestion));
