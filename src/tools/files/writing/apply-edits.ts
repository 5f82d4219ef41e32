import { setImmediate as yieldTurn } from 'node:timers/promises';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, grouped } from '../../../core/phrases.ts';
import { quoted, shown } from '../workspace/virtual-path.ts';
import { nearestBlock } from './nearest-block.ts';
import { isAscii, type TextForm } from './text-bytes.ts';
import {
  countNewlines,
  newlineCounter,
  plainNewlines,
  replaceAt,
  type TextDocument,
} from './text-document.ts';

export interface Edit {
  readonly old_text: string;
  readonly new_text: string;
  readonly replace_all: boolean;
  /** Counted from 1, in the file as it was before the first edit. */
  readonly near_line?: number | undefined;
}

export interface Edited {
  readonly document: TextDocument;
  /** Places that were changed. */
  readonly replaced: number;
}

/** Lines that an edit has moved: those behind `line` are `by` lines further down. */
interface Shift {
  readonly line: number;
  readonly by: number;
}

/** What the edits are made on. */
interface Source {
  readonly path: string;
  /** How its text was read. */
  readonly form: TextForm;
}

interface Question extends Source {
  readonly edit: Edit;
  /** Of the edit in the call, counted from 0. */
  readonly index: number;
  readonly shifts: readonly Shift[];
}

const MAX_CHARACTERS = 2_000_000;
/** All edits together: others wait while these are made. */
const MAX_PLACES = 100_000;
const MAX_LINES_NAMED = 50;
const MAX_LINES_SHOWN = 20;
const MAX_LINE_SHOWN = 200;
const LINES_AROUND = 3;

/**
 * Carries out the edits one after the other, each on what the ones before it have left.
 *
 * @throws AppError `EDIT_NO_MATCH`, `EDIT_AMBIGUOUS`, `INVALID_ARGUMENT`, `FILE_TOO_LARGE`: then none counts
 */
export async function applyEdits(
  document: TextDocument,
  edits: readonly Edit[],
  source: Source,
): Promise<Edited> {
  const shifts: Shift[] = [];
  let current = document;
  let replaced = 0;
  for (const [index, edit] of edits.entries()) {
    if (index > 0) await yieldTurn();
    const [old, next] = [plainNewlines(edit.old_text), plainNewlines(edit.new_text)];
    const question = { ...source, edit, index, shifts };
    if (old === next) throw changesNothing(question);
    const positions = await chosen(question, current.text, old);
    const length = current.text.length + positions.length * (next.length - old.length);
    if (length > MAX_CHARACTERS) throw tooLarge(question);
    if (replaced + positions.length > MAX_PLACES) throw tooManyPlaces(question);
    shifts.push(...shiftsOf(current.text, positions, countNewlines(next) - countNewlines(old)));
    current = replaceAt(current, positions, old, next);
    replaced += positions.length;
  }
  return { document: current, replaced };
}

/** Where the edit is to be made, in order. */
async function chosen(question: Question, text: string, old: string): Promise<number[]> {
  const positions = findAll(text, old);
  const { replace_all: all, near_line: near } = question.edit;
  if (positions.length === 0) throw await noMatch(question, text, old);
  if (positions.length === 1 || all) return positions;
  const lines = linesOf(text, positions);
  if (near === undefined) throw ambiguous(question, lines);
  const goal = question.shifts.reduce((line, { line: at, by }) => (line > at ? line + by : line), near);
  const distances = lines.map((line) => Math.abs(line - goal));
  const least = distances.reduce((a, b) => Math.min(a, b));
  const nearest = positions.filter((_position, index) => distances[index] === least);
  if (nearest.length === 1) return nearest;
  throw ambiguous(
    question,
    lines.filter((_line, index) => distances[index] === least),
  );
}

function findAll(text: string, old: string): number[] {
  const positions: number[] = [];
  for (let at = text.indexOf(old); at !== -1; at = text.indexOf(old, at + old.length)) positions.push(at);
  return positions;
}

/** The lines of ascending positions, counted from 1. */
function linesOf(text: string, positions: readonly number[]): number[] {
  const newlinesBefore = newlineCounter(text);
  return positions.map((position) => newlinesBefore(position) + 1);
}

/** Of many places only the first ones: who names lines after changing everywhere means nothing exact. */
function shiftsOf(text: string, positions: readonly number[], by: number): Shift[] {
  if (by === 0) return [];
  const lines = linesOf(text, positions.slice(0, MAX_LINES_NAMED));
  return lines.map((line, index) => ({ line: line + index * by, by }));
}

async function noMatch(question: Question, text: string, old: string): Promise<AppError> {
  const { path, shifts } = question;
  const block = await nearestBlock(text, old);
  const reading = readingOf(question);
  const what = `${nameOf(question)}: old_text is not in ${quoted(path)}${shifts.length > 0 ? ' after the edits before it' : ''}${reading.note}. Nothing was changed.`;
  if (block === undefined) {
    return new AppError('EDIT_NO_MATCH', `${what} No line is like it.`, {
      next: `${callText('search_files', { pattern: firstWords(old), path: shown(path) })}, or ${callText('read_file', { paths: [shown(path)] })}${reading.advice}`,
    });
  }
  const { first, lines, difference } = block;
  const last = first + lines.length - 1;
  const where = lines.length === 1 ? `line ${first}` : `lines ${first}-${last}`;
  return new AppError('EDIT_NO_MATCH', `${what} Nearest: ${where}; ${difference}:\n${excerpt(lines)}\n`, {
    next: `${callText('read_file', { paths: [shown(path)], start_line: Math.max(1, first - LINES_AROUND), max_lines: lines.length + 2 * LINES_AROUND })}, then edit_file with old_text exactly as it stands there${reading.advice}`,
  });
}

/** Characters beyond ASCII are not found where the text was read in another encoding than it was written in. */
function readingOf({ edit, form: { encoding, guess } }: Question): { note: string; advice: string } {
  if (encoding === 'utf-8' || isAscii(edit.old_text)) return { note: '', advice: '' };
  const isGuess = guess !== 'none';
  return {
    note: `, which was read as ${encoding}${isGuess ? ', a guess' : ''}`,
    advice: isGuess
      ? '; if the text is garbled there, name its encoding in both calls, such as "gb18030" or "shift_jis"'
      : '',
  };
}

function excerpt(lines: readonly string[]): string {
  const told = lines
    .slice(0, MAX_LINES_SHOWN)
    .map((line) => (line.length > MAX_LINE_SHOWN ? `${line.slice(0, MAX_LINE_SHOWN)}…` : line));
  const more = lines.length - told.length;
  return [...told, ...(more > 0 ? [`[and ${counted(more, 'more line')}]`] : [])].join('\n');
}

function ambiguous(question: Question, lines: readonly number[]): AppError {
  const { path } = question;
  const distinct = Array.from(new Set(lines));
  const named = distinct.slice(0, MAX_LINES_NAMED).map((line) => grouped(line));
  const more = distinct.length - named.length;
  const list = named.join(', ') + (more > 0 ? ` and ${counted(more, 'more line')}` : '');
  return new AppError(
    'EDIT_AMBIGUOUS',
    `${nameOf(question)}: old_text is in ${quoted(path)} ${counted(lines.length, 'time')}, in ${distinct.length === 1 ? 'line' : 'lines'} ${list}. Nothing was changed.`,
    {
      // Of several in one line none is the nearest.
      next: `the same edit_file with more of ${lines[0] === lines[1] ? 'what is around it in old_text,' : `the lines around it in old_text, with near_line (${String(lines[0])} for the first),`} or with replace_all: true`,
    },
  );
}

function changesNothing(question: Question): AppError {
  return new AppError('INVALID_ARGUMENT', `${nameOf(question)}: new_text is old_text. Nothing was changed.`, {
    next: 'give what is to stand there as new_text; line endings are always those of the file',
  });
}

function tooLarge({ path }: Question): AppError {
  return new AppError(
    'FILE_TOO_LARGE',
    `${quoted(path)} would become larger than 1 MB. Nothing was changed.`,
    {
      next: 'split the file, or make fewer replacements',
    },
  );
}

function tooManyPlaces({ path }: Question): AppError {
  const next = `${callText('write_file', { path: shown(path), if_exists: 'overwrite' })} with the whole content`;
  return new AppError(
    'INVALID_ARGUMENT',
    `The edits change ${quoted(path)} in more than ${grouped(MAX_PLACES)} places. Nothing was changed.`,
    { next: `fewer replacements in one call, or ${next}` },
  );
}

function nameOf({ index }: Question): string {
  return `edits[${index}]`;
}

function firstWords(old: string): string {
  const line = old.split('\n').find((one) => one.trim() !== '') ?? old;
  return line.trim().slice(0, 60);
}
