/** Kinds of text that tokenizers treat differently. */
export type ContentClass = 'csv' | 'json' | 'code' | 'prose';

/** Characters per token, measured over common tokenizers; the low side, so that estimates err towards too many tokens. */
const CHARACTERS_PER_TOKEN: Record<ContentClass, number> = { csv: 2.1, json: 2.4, code: 3.0, prose: 4.0 };
const CHARACTERS_PER_TOKEN_CJK = 1.7;
// Scripts without spaces between words: CJK punctuation, kana, Han, Hangul, full-width forms.
const CJK = /[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\u{20000}-\u{3ffff}]/gu;

/** Output tokens that one call may produce unless the operator says otherwise, and at the very most. */
export const DEFAULT_OUTPUT_TOKENS = 10_000;
export const MAX_OUTPUT_TOKENS = 20_000;

/** Estimates the tokens of a text without a tokenizer. */
export function estimateTokens(value: string, kind: ContentClass): number {
  return Math.ceil(weigh(value, kind));
}

/** Not rounded, so that a text taken line by line costs what it costs as a whole. */
function weigh(value: string, kind: ContentClass): number {
  const wide = value.match(CJK) ?? [];
  // Those outside of the basic plane take two units of the length.
  const units = wide.reduce((sum, character) => sum + character.length, 0);
  return (value.length - units) / CHARACTERS_PER_TOKEN[kind] + wide.length / CHARACTERS_PER_TOKEN_CJK;
}

/** What is left of the output that one call may still produce, in tokens. */
export class OutputBudget {
  readonly total: number;
  #left: number;

  constructor(total: number = DEFAULT_OUTPUT_TOKENS) {
    this.total = Math.min(total, MAX_OUTPUT_TOKENS);
    this.#left = this.total;
  }

  /** Whole tokens. */
  get left(): number {
    return Math.floor(this.#left);
  }

  /**
   * Spends the tokens of the text if they are left; answers whether they were. A text is taken whole or
   * not at all. `reserve` tokens stay untouched: for the closing note, or for what else is to come.
   */
  take(value: string, kind: ContentClass, reserve = 0): boolean {
    const tokens = weigh(value, kind);
    if (tokens > this.#left - reserve) return false;
    this.#left -= tokens;
    return true;
  }
}
