import type { Tool } from '../../core/tool.ts';

/** What a word counts for, by where it is found. */
const FIELDS: readonly { readonly weight: number; readonly textOf: (tool: Tool) => string }[] = [
  { weight: 6, textOf: ({ name }) => name },
  { weight: 4, textOf: ({ title }) => title },
  { weight: 2, textOf: ({ description }) => description },
  {
    weight: 1,
    textOf: ({ inputSchema }) => Object.keys(Object(inputSchema['properties']) as object).join(' '),
  },
];

/** A word that only begins as the one that was asked for, or the other way round: `order` and `orders`. */
const PARTIAL = 0.6;
const LEAST_PARTIAL = 3;

interface Indexed {
  readonly tool: Tool;
  readonly fields: readonly { readonly weight: number; readonly words: readonly string[] }[];
}

/** Tools by the words of their names, titles, descriptions and parameters. */
export class ToolIndex {
  readonly #tools: readonly Indexed[];
  readonly #counts = new Map<string, number>();

  constructor(tools: readonly Tool[]) {
    this.#tools = tools.map((tool) => ({
      tool,
      fields: FIELDS.map(({ weight, textOf }) => ({ weight, words: wordsOf(textOf(tool)) })),
    }));
    for (const { fields } of this.#tools) {
      for (const word of new Set(fields.flatMap(({ words }) => words))) {
        this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
      }
    }
  }

  /** Those that any word of the query is found in, best first; equally good ones in their order. */
  search(query: string, among: ReadonlySet<Tool>): readonly Tool[] {
    const words = [...new Set(wordsOf(query))];
    // "of", "a" and the like are everywhere.
    const telling = words.filter(({ length }) => length >= LEAST_PARTIAL);
    const asked = telling.length === 0 ? words : telling;
    return this.#tools
      .filter(({ tool }) => among.has(tool))
      .map(({ tool, fields }) => ({ tool, score: this.#score(asked, fields) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .map(({ tool }) => tool);
  }

  #score(asked: readonly string[], fields: Indexed['fields']): number {
    return asked.reduce((sum, word) => {
      const best = Math.max(...fields.map(({ weight, words }) => weight * this.#likeness(word, words)));
      return sum + best;
    }, 0);
  }

  /** What is in every description tells little. */
  #likeness(asked: string, words: readonly string[]): number {
    let best = 0;
    for (const word of words) {
      const likeness = word === asked ? 1 : isPartial(asked, word) ? PARTIAL : 0;
      if (likeness > 0) best = Math.max(best, likeness * this.#rarity(word));
    }
    return best;
  }

  #rarity(word: string): number {
    return Math.log(1 + this.#tools.length / (this.#counts.get(word) ?? 1));
  }
}

function isPartial(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  return short.length >= LEAST_PARTIAL && long.startsWith(short);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
