import type { ContentClass, OutputBudget } from '../../../core/budget.ts';
import { grouped } from '../../../core/phrases.ts';

/** Characters of one line that are shown; the rest of a longer one is only counted. */
const MAX_COLUMNS = 20_000;
// Characters per token, from the best case to the worst.
const RATIOS = [4, 3, 2.4, 2.1, 1.7];

export interface FittedLines {
  readonly text: string;
  /** How many of the lines are in the text. */
  readonly shown: number;
  /** How many of these are not shown to their end. */
  readonly cut: number;
}

/** Takes lines while the budget lasts. At least the beginning of the first one, unless next to nothing is left. */
export function fitLines(
  lines: readonly string[],
  budget: OutputBudget,
  kind: ContentClass,
  reserve: number,
): FittedLines {
  let text = '';
  let [shown, cut] = [0, 0];
  for (const line of lines) {
    const isLong = line.length > MAX_COLUMNS;
    const display = `${isLong ? shortened(line, MAX_COLUMNS) : line}\n`;
    if (!budget.take(display, kind, reserve)) break;
    text += display;
    shown++;
    if (isLong) cut++;
  }
  const [first] = lines;
  if (shown > 0 || first === undefined) return { text, shown, cut };
  const beginning = fitBeginning(first, budget, kind, reserve);
  return beginning === undefined ? { text: '', shown: 0, cut: 0 } : { text: beginning, shown: 1, cut: 1 };
}

function fitBeginning(
  line: string,
  budget: OutputBudget,
  kind: ContentClass,
  reserve: number,
): string | undefined {
  const tokens = budget.left - reserve - 20;
  if (tokens < 20) return undefined;
  return RATIOS.map((ratio) => `${shortened(line, Math.floor(tokens * ratio))}\n`).find((text) =>
    budget.take(text, kind, reserve),
  );
}

function shortened(line: string, length: number): string {
  const end = isHighSurrogate(line.charCodeAt(length - 1)) ? length - 1 : length;
  return `${line.slice(0, end)}… [${grouped(line.length - end)} more characters]`;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
