import { type ContentClass, estimateTokens, type OutputBudget } from '../../core/budget.ts';

const MAX_CHARACTERS_PER_TOKEN = 4;

/**
 * The longest part of a text from `start` on that the budget holds, taken from it. It ends at the end of a line
 * or a word where one is near, and never inside of a character.
 */
export function fitPart(
  whole: string,
  start: number,
  {
    budget,
    kind,
    reserve,
  }: { readonly budget: OutputBudget; readonly kind: ContentClass; readonly reserve: number },
): string {
  const tokens = Math.max(0, budget.left - reserve - 1);
  const candidate = whole.slice(start, start + tokens * MAX_CHARACTERS_PER_TOKEN);
  let [low, high] = [0, candidate.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (estimateTokens(candidate.slice(0, middle), kind) <= tokens) low = middle;
    else high = middle - 1;
  }
  const part = start + low >= whole.length ? candidate.slice(0, low) : roundedOff(candidate.slice(0, low));
  budget.take(part, kind);
  return part;
}

function roundedOff(part: string): string {
  const near = Math.floor(part.length * 0.9);
  for (const boundary of ['\n', ' ']) {
    const at = part.lastIndexOf(boundary);
    if (at >= near && at > 0) return part.slice(0, at + 1);
  }
  const last = part.charCodeAt(part.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? part.slice(0, -1) : part;
}
