/** The key words of RFC 2119 as the specification uses them; REQUIRED and SHALL are MUST, RECOMMENDED is SHOULD. */
type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT';

/** Why no test cites a clause, or why the product does otherwise. A reason is a sentence. */
type Exemption =
  /** The clause governs a feature that the product does not offer. */
  | { readonly notOffered: string }
  /** Nothing that can be seen from outside tells whether the clause is kept. */
  | { readonly untestable: string }
  /** The product does otherwise, on purpose. */
  | { readonly deviates: string };

interface Clause {
  readonly level: Level;
  /** The heading that it stands under. */
  readonly section: string;
  /** What is demanded, in our words. */
  readonly summary: string;
  readonly exempt?: Exemption;
}

/** One clause of the specification that binds a server. */
export interface Requirement extends Clause {
  readonly id: string;
  /** The page, below `docs/specification/` in the specification's repository. */
  readonly page: string;
}

type Phrase = (section: string, summary: string, exempt?: Exemption) => Clause;

const phrase =
  (level: Level): Phrase =>
  (section, summary, exempt) => ({ level, section, summary, ...(exempt === undefined ? {} : { exempt }) });

export const must = phrase('MUST');
export const mustNot = phrase('MUST NOT');
export const should = phrase('SHOULD');
export const shouldNot = phrase('SHOULD NOT');

/** The clauses of one page; ids are `<prefix>/<key>`. */
export function clausesOf<const P extends string, const K extends string>(
  prefix: P,
  page: string,
  clauses: Readonly<Record<K, Clause>>,
): Readonly<Record<`${P}/${K}`, Requirement>> {
  const entries = Object.entries<Clause>(clauses).map(([key, clause]) => {
    const id = `${prefix}/${key}`;
    return [id, { id, page, ...clause }] as const;
  });
  // Object.fromEntries forgets which keys it was given.
  return Object.fromEntries(entries) as Record<`${P}/${K}`, Requirement>;
}
