import { nearestName } from '../../../core/arguments.ts';
import { AppError } from '../../../core/errors.ts';
import type { Taker } from '../../../core/fair-places.ts';
import { programBeside } from '../../../core/program-beside.ts';
import { Threads } from '../thread.ts';
import { quoted } from '../workspace/virtual-path.ts';
import type { SheetAnswer, SheetQuestion, Table, TableAnswer, TableProblem, TableQuestion } from './table.ts';

const PROGRAM = programBeside(import.meta.url, 'table-worker');

/** Reads table files in threads that end with the call. */
export class TableReader {
  readonly #threads = new Threads(PROGRAM);

  /** @throws AppError `NOT_TEXT` for a damaged file, `FILE_TOO_LARGE`, `BUSY`; the signal's reason */
  async read(path: string, question: TableQuestion, taker: Taker): Promise<Table> {
    const answer = await this.#ask<TableAnswer>(question, taker);
    if ('table' in answer) return answer.table;
    throw refusal(path, question, answer.problem, new Error(answer.detail));
  }

  /**
   * Writes a sheet of a workbook as CSV. When this settles, nothing more is written.
   *
   * @throws AppError as {@link read}, `INVALID_ARGUMENT` for a sheet that does not exist
   */
  async writeSheet(path: string, question: SheetQuestion, taker: Taker): Promise<void> {
    const answer = await this.#ask<SheetAnswer>(question, taker);
    if ('sheets' in answer) throw unknownSheet(path, question, answer.sheets);
    if ('problem' in answer) throw refusal(path, question, answer.problem, new Error(answer.detail));
  }

  async #ask<A>(question: TableQuestion | SheetQuestion, taker: Taker): Promise<A | TableProblem> {
    const told = await this.#threads.ask<A>(question, taker);
    return 'answer' in told ? told.answer : { problem: 'too-large', detail: 'out of memory' };
  }
}

function unknownSheet(path: string, { sheet = '' }: SheetQuestion, names: readonly string[]): AppError {
  const nearest = nearestName(sheet, names) ?? names[0] ?? '';
  const listed = names.slice(0, 20).map((name) => JSON.stringify(name));
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} has no sheet ${JSON.stringify(sheet)}. There are: ${listed.join(', ')}.`,
    {
      next: `name it as it is called: sheet = '${nearest.replaceAll("'", "''")}'`,
    },
  );
}

function refusal(
  path: string,
  { format }: TableQuestion | SheetQuestion,
  problem: 'too-large' | 'damaged',
  cause: Error,
): AppError {
  const what = format === 'parquet' ? 'Parquet file' : 'spreadsheet';
  if (problem === 'damaged') {
    return new AppError(
      'NOT_TEXT',
      `${quoted(path)} is a ${what} that cannot be read: it is damaged or of an unknown kind.`,
      {
        cause,
        next: 'go on without it, or ask for the data as CSV',
      },
    );
  }
  return new AppError('FILE_TOO_LARGE', `${quoted(path)} is a ${what} too large to be opened here.`, {
    cause,
    next: 'go on without it, or ask for the part of interest as CSV',
  });
}
