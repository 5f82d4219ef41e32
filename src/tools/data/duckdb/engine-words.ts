import { sqlLiteral } from '../sql-literal.ts';

const MAX_MESSAGE = 2000;
const MAX_LINE = 300;
const MAX_CANDIDATES = 8;

type Replacement = readonly [words: RegExp, instead: string];

/** What the engine advises those who may configure it. Nobody who asks it here may, and extensions there are none. */
const REPLACED: readonly Replacement[] = [
  [/, but it exists in the \w+ extension\.\s[\s\S]*/, ': it belongs to an extension that is not here.'],
  [/^Use "SET scalar_subquery_error.*$/m, 'Take one row of it (LIMIT 1, an aggregate), or join it instead.'],
  [/ Use "SET max_expression_depth.*$/m, ' Nest it less deeply, or split it by WITH.'],
  [/ DuckDB may still be able to scan this file by .*$/m, ''],
  [/ with the ICU extension loaded/, ''],
  [
    /(?<=^|[.!] )(\* )?((Use|Try|Load|Set|It is possible that)\b.*\b(SET|INSTALL|COPY|extension|configuration option)|SET|PRAGMA)\b.*\n*/gm,
    '',
  ],
];

/** What a message of the engine says to somebody who can do no more than ask. */
export function toldWords(message: string): string {
  const told = REPLACED.reduce((text, [words, instead]) => text.replace(words, instead), message);
  const lines = told
    .split('\n')
    .map((line) => (line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line));
  return withFewCandidates(lines).join('\n').slice(0, MAX_MESSAGE);
}

/** A function that is called with the wrong arguments may have fifty forms. */
function withFewCandidates(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.endsWith('Candidate functions:')) + 1;
  const more =
    first === 0 ? 0 : lines.slice(first).filter((line) => line.startsWith('\t')).length - MAX_CANDIDATES;
  if (more <= 0) return [...lines];
  return lines.toSpliced(first + MAX_CANDIDATES, more, `\t… and ${more} more`);
}

const OPTIONS: readonly Replacement[] = [
  [
    /type was auto-detected from the CSV/,
    "sample_size = -1) looks at all rows before it chooses the types; types = {'column': 'VARCHAR'} sets one",
  ],
  [
    /Expected Number of Columns: \d+ Found: /,
    'null_padding = true) fills up short rows; strict_mode = false or ignore_errors = true passes over long ones',
  ],
  [/not utf-8 encoded/, "encoding = 'latin-1') or 'utf-16' reads other encodings"],
];

/** The call of a reader that may be able to read a file that could not be read. */
export function otherReading(message: string): string | undefined {
  const file = /^ {2}file = (.+)$/m.exec(message)?.[1];
  const options = OPTIONS.find(([words]) => words.test(message))?.[1];
  return file === undefined || options === undefined
    ? undefined
    : `FROM read_csv(${sqlLiteral(`/${file}`)}, ${options}`;
}
