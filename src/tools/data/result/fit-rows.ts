import { MAX_OUTPUT_TOKENS, OutputBudget } from '../../../core/budget.ts';
import type { Column, Value } from '../source.ts';
import { shortened } from './cells.ts';

type Row = readonly Value[];

export interface Fitted {
  /** The first of those there are. */
  readonly columns: readonly Column[];
  /** The first of those there are, whole. */
  readonly rows: readonly Row[];
  /** Characters that a value may take; undefined where none had to be shortened. */
  readonly cellCharacters: number | undefined;
}

const MAX_CELL_CHARACTERS = 1000;
const MIN_CELL_CHARACTERS = 20;
/** What the columns' names may take of the room, so that rows stay to be shown. */
const SHARE_OF_COLUMNS = 0.4;
// The densest that JSON is reckoned at: so many characters that are left are certain to be too few.
const CHARACTERS_PER_TOKEN = 2.4;

/**
 * What a result can show of a table: everything if it fits; else as many whole rows as do, once wide values are
 * shortened. Takes nothing of the budget.
 */
export function fitRows(columns: readonly Column[], rows: readonly Row[], tokens: number): Fitted {
  const room = new OutputBudget(tokens);
  const shownColumns = fitting(columns, new OutputBudget(tokens * SHARE_OF_COLUMNS));
  if (shownColumns.length === columns.length && room.take(JSON.stringify(columns), 'json')) {
    const left = room.left;
    if (fitting(rows, room).length === rows.length) return { columns, rows, cellCharacters: undefined };
    return narrowed(columns, rows, left);
  }
  const kept = columns.slice(0, shownColumns.length);
  room.take(JSON.stringify(kept), 'json');
  const { length } = kept;
  const starts = rows.map((row) => row.slice(0, length));
  return narrowed(kept, starts, room.left);
}

/** Tokens that a result in JSON may take: it is told twice, as data and as text, and some clients show both. */
export function roomForJson(budget: OutputBudget, reserve: number): number {
  return Math.max(0, Math.min(budget.left, MAX_OUTPUT_TOKENS / 2) - reserve);
}

function narrowed(columns: readonly Column[], rows: readonly Row[], tokens: number): Fitted {
  // Two rows of nothing but wide values can be shown.
  const even = Math.floor((tokens * CHARACTERS_PER_TOKEN) / (2 * Math.max(1, columns.length)));
  const cellCharacters = Math.max(MIN_CELL_CHARACTERS, Math.min(MAX_CELL_CHARACTERS, even));
  const short = shortenedRows(rows, cellCharacters);
  const shown = fitting(short.rows, new OutputBudget(tokens));
  return { columns, rows: shown, cellCharacters: short.isCut(shown.length) ? cellCharacters : undefined };
}

interface ShortenedRows {
  readonly rows: Iterable<Row>;
  /** Whether a value of the first so many rows was. */
  isCut(count: number): boolean;
}

function shortenedRows(rows: readonly Row[], characters: number): ShortenedRows {
  let firstCut = Infinity;
  return {
    rows: {
      *[Symbol.iterator]() {
        for (const [index, row] of rows.entries()) {
          const short = row.map((value) => shortened(value, characters));
          if (short.some((value, column) => value !== row[column])) firstCut = Math.min(firstCut, index);
          yield short;
        }
      },
    },
    isCut: (count) => firstCut < count,
  };
}

/** The first that the budget holds, each written as JSON with a comma. */
function fitting<T>(items: Iterable<T>, budget: OutputBudget): T[] {
  const taken: T[] = [];
  for (const item of items) {
    const told = JSON.stringify(item);
    // A text that is far too long is not worth the weighing.
    if (told.length > (budget.left + 1) * 4 || !budget.take(`${told},`, 'json')) break;
    taken.push(item);
  }
  return taken;
}
