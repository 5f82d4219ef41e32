import type { OutputBudget } from '../../../core/budget.ts';
import { counted } from '../../../core/phrases.ts';
import { shown } from '../workspace/virtual-path.ts';
import { commonEnd, commonStart, countNewlines } from './text-document.ts';

const CONTEXT_LINES = 3;
/** Lines from the first change to the last, before and after, up to which they are looked at. */
const MAX_COMPARED_LINES = 100_000;

interface Change {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/**
 * The change as a unified diff, cut to what the budget holds; undefined for one with more than `most` added and
 * removed lines. The time that it takes grows with the square of them.
 */
export async function unifiedDiff(
  { path, before, after }: Change,
  budget: OutputBudget,
  most: number,
): Promise<string | undefined> {
  const { structuredPatch } = await import('diff');
  const options = { context: CONTEXT_LINES, maxEditLength: most };
  const name = shown(path);
  const part = changedPart(before, after);
  if (countNewlines(part.before) + countNewlines(part.after) > MAX_COMPARED_LINES)
    return `[the changes lie more than ${counted(MAX_COMPARED_LINES / 2, 'line')} apart, and the diff is not shown]\n`;
  const patch = structuredPatch(name, name, part.before, part.after, '', '', options);
  if (patch === undefined) return undefined;
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
    `@@ -${range(oldStart + part.line, oldLines)} +${range(newStart + part.line, newLines)} @@`,
    ...changed,
  ]);
  let text = '';
  for (const [index, line] of [`--- ${name}`, `+++ ${name}`, ...lines].entries()) {
    if (!budget.take(`${line}\n`, 'code')) {
      return `${text}[${counted(lines.length + 2 - index, 'more line')} of the diff]\n`;
    }
    text += `${line}\n`;
  }
  return text;
}

/** The lines in which the two differ, and those around them; `line` are there before. The rest costs time only. */
function changedPart(before: string, after: string): { before: string; after: string; line: number } {
  let start = lineStart(before, commonStart(before, after));
  for (let lines = 0; lines < CONTEXT_LINES; lines++) start = lineStart(before, start - 1);
  const [old, next] = [before.slice(start), after.slice(start)];
  const most = commonEnd(old, next);
  const tail = old.slice(old.length - most);
  let to = tail.indexOf('\n');
  for (let lines = 0; lines < CONTEXT_LINES && to !== -1; lines++) to = tail.indexOf('\n', to + 1);
  const cut = to === -1 ? 0 : tail.length - to - 1;
  return {
    before: old.slice(0, old.length - cut),
    after: next.slice(0, next.length - cut),
    line: countNewlines(before, 0, start),
  };
}

function lineStart(text: string, at: number): number {
  return at <= 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}

/** Of an empty range a unified diff tells the line before it. */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}
