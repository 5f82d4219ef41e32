import { stripVTControlCharacters } from 'node:util';
import type { OutputBudget } from '../../core/budget.ts';
import { text } from '../../core/content.ts';
import { AppError } from '../../core/errors.ts';
import { callText, counted, fileSize, grouped } from '../../core/phrases.ts';
import type { ToolResult } from '../../core/tool.ts';
import {
  isOver,
  MAX_LINE_CHARACTERS,
  type OutputExcerpt,
  type RunRecord,
  type RunStatus,
} from './running/run-record.ts';
import { quoted } from './words.ts';

/** Tokens for what stands around the output. */
const RESERVE = 250;
/** The most lines that can be asked for. */
export const MAX_TAIL_LINES = 1000;

const WORDS: Readonly<Record<RunStatus, string>> = {
  running: 'is running',
  succeeded: 'succeeded',
  failed: 'failed',
  timed_out: 'was ended: it took longer than it may (timed_out)',
  cancelled: 'was cancelled',
  output_limit: 'was ended: it printed more than it may (output_limit)',
  interrupted: 'was ended because the server was stopped (interrupted)',
  lost: 'is lost: the server that ran it is gone, and nobody knows how far it came (lost)',
};

const SIGNALS: Readonly<Record<string, string>> = {
  SIGXCPU: ', its processor time was used up',
  SIGXFSZ: ', a file became larger than it may write',
  SIGKILL: ', possibly for want of memory',
  SIGABRT: ', it gave up, possibly for want of memory',
};

/** A run with the last lines of its output. */
export function tellRun(record: RunRecord, tailLines: number, budget: OutputBudget): ToolResult {
  const lines = [headline(record), ...progressLine(record)];
  const shown = outputOf(record, tailLines, budget);
  if (shown.lines.length > 0) lines.push('--- output ---', ...shown.lines, '--- end of output ---');
  lines.push(closing(record, shown));
  return { content: [text(lines.join('\n'))] };
}

/** @throws AppError always: whoever asks is not told whether it ever was */
export function unknownRun(id: string): never {
  throw new AppError(
    'INVALID_ARGUMENT',
    `There is no run ${quoted(id.slice(0, 64))} of yours, or its result is not kept any longer.`,
    { next: 'take the run_id that run_job has answered, or run the job again with run_job' },
  );
}

function headline({ id, job, status, startedAt, endedAt = Date.now(), exitCode, signal }: RunRecord): string {
  const seconds = (Math.max(0, endedAt - startedAt) / 1000).toFixed(1);
  const how = [
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(signal === undefined
      ? []
      : [`signal ${signal}${status === 'failed' ? (SIGNALS[signal] ?? '') : ''}`]),
    ...(status === 'lost' ? [] : [`${status === 'running' ? 'for' : 'after'} ${seconds} s`]),
  ];
  return `run ${id}: ${job} ${WORDS[status]}${how.length === 0 ? '' : `, ${how.join(', ')}`}`;
}

function progressLine({ status, progress }: RunRecord): string[] {
  if (status !== 'running' || progress === undefined) return [];
  const { done, total, message } = progress;
  const count = total === undefined ? String(done) : `${done} of ${total}`;
  return [`progress: ${count}${message === undefined ? '' : `, ${message}`}`];
}

interface Shown {
  readonly lines: readonly string[];
  /** Lines of the output among them. */
  readonly count: number;
  /** Whether asking for more lines shows more. */
  readonly hasMore: boolean;
  /** Whether it is the whole output, to the last character. */
  readonly isAll: boolean;
}

/** The last lines, as many as are wanted and fit. */
function outputOf({ output }: RunRecord, wanted: number, budget: OutputBudget): Shown {
  const { all, omission } = excerptLines(output);
  const asked = wanted === 0 ? [] : all.slice(-wanted);
  const fitting: string[] = [];
  for (const line of asked.toReversed()) {
    const cut = shortened(line);
    if (!budget.take(`${cut}\n`, 'code', RESERVE)) break;
    fitting.push(cut);
  }
  const lines = fitting.reverse();
  const isWhole = lines.length === all.length;
  const showsOmission = omission !== undefined && lines.length >= all.length - omission;
  return {
    lines,
    count: lines.length - (showsOmission ? 1 : 0),
    hasMore: !isWhole && lines.length === asked.length && lines.length < MAX_TAIL_LINES,
    isAll: isWhole && omission === undefined && !all.some(isWide),
  };
}

/** The lines that are at hand, and which of them stands for those that are not. */
function excerptLines(output: OutputExcerpt): {
  readonly all: readonly string[];
  readonly omission?: number;
} {
  const beginning = linesOf(output.head);
  if (output.tail === undefined) return { all: beginning };
  const end = linesOf(output.tail);
  const gap = output.lines - beginning.length - end.length;
  const words = gap > 0 ? `[${counted(gap, 'line')} left out]` : '[part of a line left out]';
  return { all: [...beginning, words, ...end], omission: beginning.length };
}

function linesOf(output: string): string[] {
  return output === '' ? [] : output.replace(/\n$/, '').split('\n');
}

function isWide(line: string): boolean {
  return line.length > MAX_LINE_CHARACTERS;
}

function shortened(line: string): string {
  const plain = stripVTControlCharacters(line);
  if (!isWide(plain)) return plain;
  const left = grouped(plain.length - MAX_LINE_CHARACTERS);
  return `${plain.slice(0, MAX_LINE_CHARACTERS)}… [${left} more characters]`;
}

function closing(record: RunRecord, shown: Shown): string {
  const { id, output } = record;
  const next = isOver(record) ? [] : [`go on with ${callText('get_job', { run_id: id })}`];
  if (output.lines === 0) return `[${['no output', ...next].join('; ')}]`;
  const extent = shown.isAll
    ? `all ${counted(output.lines, 'line')} of output`
    : `the last ${grouped(shown.count)} of ${counted(output.lines, 'line')}, ${fileSize(output.bytes)}`;
  const more = shown.isAll ? [] : [moreOf(record, shown)];
  return `[${[extent, ...more, ...next].join('; ')}]`;
}

function moreOf(record: RunRecord, { count, hasMore }: Shown): string {
  const { id, file } = record;
  if (file !== undefined) return `all of it: ${callText('read_file', { paths: [file] })}`;
  if (hasMore) {
    const lines = Math.min(MAX_TAIL_LINES, Math.max(200, count * 4));
    return `more: ${callText('get_job', { run_id: id, tail_lines: lines })}`;
  }
  return isOver(record) ? 'the rest is not kept' : 'the rest is kept as a file when the run has ended';
}
