import { type DescribedTable, plainName } from '../catalogue/described-table.ts';
import type { ColumnInfo, ForeignKey } from '../source.ts';
import { attributeWord, entityWord, label, typeWord } from './mermaid-text.ts';

export const MAX_DIAGRAM_TABLES = 40;

/** How much of each table is drawn. */
export type Attributes = 'all' | 'keys' | 'none';

/**
 * A Mermaid ER diagram, of at most {@link MAX_DIAGRAM_TABLES} tables: those that are related to others first.
 * Names that Mermaid cannot take stand as labels and comments beside words that it can.
 */
export function erDiagram(tables: readonly DescribedTable[], attributes: Attributes): string {
  const drawn = chosen(tables);
  const words = entityWords(drawn);
  const lines = drawn.flatMap((table) => entity(table, words.get(table.name) ?? '', attributes));
  const relations = drawn.flatMap((table) => table.foreignKeys.map((key) => relation(table, key, words)));
  return ['erDiagram', ...lines, ...relations.filter((line) => line !== undefined)].join('\n');
}

function chosen(tables: readonly DescribedTable[]): readonly DescribedTable[] {
  if (tables.length <= MAX_DIAGRAM_TABLES) return tables;
  const related = new Set(
    tables.flatMap(({ name, foreignKeys }) =>
      foreignKeys.length === 0 ? [] : [name, ...foreignKeys.map(({ table }) => table)],
    ),
  );
  const first = tables.filter(({ name }) => related.has(name));
  const others = tables.filter(({ name }) => !related.has(name));
  return [...first, ...others].slice(0, MAX_DIAGRAM_TABLES);
}

/** One word for each table; where several would have the same one, a number tells them apart. */
function entityWords(tables: readonly DescribedTable[]): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name } of tables) {
    const wanted = entityWord(plainName(name)) ?? 'table';
    let word = wanted === 'table' ? 'table_1' : wanted;
    for (let number = 2; taken.has(word.toLowerCase()); number++) word = `${wanted}_${number}`;
    taken.add(word.toLowerCase());
    words.set(name, word);
  }
  return words;
}

function entity(table: DescribedTable, word: string, attributes: Attributes): string[] {
  const keys = new Set([...table.primaryKey, ...table.foreignKeys.flatMap(({ columns }) => columns)]);
  const columns = table.columns.filter(
    ({ name }) => attributes === 'all' || (attributes === 'keys' && keys.has(name)),
  );
  const shown = shownName(table.name);
  const head = shown === word ? word : `${word}[${label(shown)}]`;
  if (columns.length === 0) return [`  ${head}`];
  return [`  ${head} {`, ...columns.map((column) => `    ${attribute(table, column)}`), '  }'];
}

/** Without the quotes that a statement needs. */
function shownName(name: string): string {
  const literal = /^'((?:[^']|'')*)'$/.exec(name)?.[1];
  return literal === undefined ? name.replace(/^"([^"]*)"$/, '$1') : literal.replaceAll("''", "'");
}

function attribute(table: DescribedTable, { name, type }: ColumnInfo): string {
  const word = attributeWord(name);
  const marks = [
    ...(table.primaryKey.includes(name) ? ['PK'] : []),
    ...(table.foreignKeys.some(({ columns }) => columns.includes(name)) ? ['FK'] : []),
  ].join(', ');
  return [typeWord(type), word, marks, word === name ? '' : label(name)]
    .filter((part) => part !== '')
    .join(' ');
}

function relation(
  table: DescribedTable,
  { columns, table: other, references }: ForeignKey,
  words: ReadonlyMap<string, string>,
): string | undefined {
  const [from, to] = [words.get(other), words.get(table.name)];
  if (from === undefined || to === undefined || references.length === 0) return undefined;
  const isNullable = table.columns.some(({ name, nullable }) => columns.includes(name) && nullable === true);
  const isAll =
    columns.length === table.primaryKey.length && columns.every((one) => table.primaryKey.includes(one));
  return `  ${from} ${isNullable ? '|o' : '||'}--${isAll ? 'o|' : 'o{'} ${to} : ${label(columns.join(', '))}`;
}
