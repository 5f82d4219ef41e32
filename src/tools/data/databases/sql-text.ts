import { AppError } from '../../../core/errors.ts';

export type Dialect = 'sqlite' | 'postgres' | 'mysql';

/** A piece of a statement; comments and blanks are none. */
export interface Token {
  /**
   * `name`: an identifier in quotes. `hidden`: what the engine reads as something else than what is written: a
   * comment that MySQL executes, an identifier of PostgreSQL with escapes.
   */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'sign' | 'hidden';
  /** As written; of a quoted identifier what is between the quotes. */
  readonly text: string;
  readonly start: number;
}

interface Rule {
  readonly kind: Token['kind'] | 'blank';
  readonly pattern: RegExp;
}

const BLANK: Rule = { kind: 'blank', pattern: /[\s\uFEFF\0]+/y };
const DASHES: Rule = { kind: 'blank', pattern: /--[^\n]*/y };
const BLOCK: Rule = { kind: 'blank', pattern: /\/\*[^]*?(?:\*\/|$)/y };
const WORD: Rule = { kind: 'word', pattern: /[\p{L}_@#][\p{L}\p{N}\p{M}_$@#]*/uy };
const NUMBER: Rule = { kind: 'number', pattern: /\.?\d[\w.]*/y };
const PLAIN_STRING: Rule = { kind: 'string', pattern: /'(?:[^']|'')*(?:'|$)/y };
const BACKSLASH_STRING: Rule = { kind: 'string', pattern: /'(?:[^'\\]|''|\\[^])*(?:'|\\?$)/y };
const DOUBLE_QUOTED: Rule = { kind: 'name', pattern: /"(?:[^"]|"")*(?:"|$)/y };
const BACKTICKED: Rule = { kind: 'name', pattern: /`(?:[^`]|``)*(?:`|$)/y };
const SIGN: Rule = { kind: 'sign', pattern: /[^]/uy };

const RULES: Readonly<Record<Dialect, readonly Rule[]>> = {
  sqlite: [
    ...[BLANK, DASHES, BLOCK, PLAIN_STRING, DOUBLE_QUOTED, BACKTICKED],
    { kind: 'name', pattern: /\[[^\]]*(?:\]|$)/y },
    ...[WORD, NUMBER, SIGN],
  ],
  // Every character beyond ASCII belongs to a word, and a word may hold `$`: else what follows would look quoted.
  // A string with escapes goes on with its escapes in quotes of a later line.
  postgres: [
    { kind: 'blank', pattern: /[ \t\n\r\f\v]+/y },
    { kind: 'blank', pattern: /--[^\n\r]*/y },
    {
      kind: 'string',
      pattern:
        /[eE]'(?:[^'\\]|''|\\[^]|'[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*')*(?:'|\\?$)/y,
    },
    { kind: 'string', pattern: /[uU]&'(?:[^']|'')*(?:'|$)/y },
    { kind: 'hidden', pattern: /[uU]&"(?:[^"]|"")*(?:"|$)/y },
    { kind: 'string', pattern: /\$([A-Za-z_\u0080-\u{10FFFF}][\w\u0080-\u{10FFFF}]*|)\$[^]*?(?:\$\1\$|$)/uy },
    ...[PLAIN_STRING, DOUBLE_QUOTED],
    { kind: 'word', pattern: /[A-Za-z_\u0080-\u{10FFFF}][\w$\u0080-\u{10FFFF}]*/uy },
    { kind: 'number', pattern: /\d+/y },
    SIGN,
  ],
  mysql: [
    // A blank beyond ASCII is part of a name, and any control character makes dashes a comment.
    { kind: 'blank', pattern: /[ \t\n\r\f\v]+/y },
    { kind: 'blank', pattern: /--(?=[^!-~\u0080-\u{10FFFF}]|$)[^\n]*|#[^\n]*/uy },
    { kind: 'hidden', pattern: /\/\*M?!/y },
    ...[BLOCK, BACKSLASH_STRING],
    { kind: 'string', pattern: /"(?:[^"\\]|""|\\[^])*(?:"|\\?$)/y },
    ...[BACKTICKED, { kind: 'word', pattern: /[\p{L}_@][\p{L}\p{N}\p{M}_$@]*/uy } as const, NUMBER, SIGN],
  ],
};

/**
 * The pieces of a statement. This is what error messages and hints are made of; that a statement only reads
 * is the engine's to ensure, which has the last word on what a text means.
 */
export function tokensOf(sql: string, dialect: Dialect): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length;) {
    const { kind, text } = pieceAt(sql, at, dialect);
    if (kind !== 'blank') tokens.push({ kind, text: kind === 'name' ? unquoted(text) : text, start: at });
    at += text.length;
  }
  return tokens;
}

function pieceAt(sql: string, at: number, dialect: Dialect): { kind: Rule['kind']; text: string } {
  const nested = dialect === 'postgres' ? nestedComment(sql, at) : 0;
  if (nested > 0) return { kind: 'blank', text: sql.slice(at, at + nested) };
  for (const { kind, pattern } of RULES[dialect]) {
    pattern.lastIndex = at;
    const text = pattern.exec(sql)?.[0];
    if (text !== undefined && text !== '') return { kind, text };
  }
  return { kind: 'sign', text: sql.charAt(at) };
}

/** Characters of the comment that begins here: those of PostgreSQL hold others. */
function nestedComment(sql: string, start: number): number {
  if (!sql.startsWith('/*', start)) return 0;
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex - start;
  }
  return sql.length - start;
}

function unquoted(text: string): string {
  const open = text.search(/["`[]/);
  const quote = text.charAt(open);
  const inner = text.slice(open + 1).replace(quote === '[' ? /\]$/ : /["`]$/, '');
  return quote === '[' ? inner : inner.replaceAll(quote + quote, quote);
}

/** The statement without the semicolon that may end it. @throws AppError `SQL_NOT_READ_ONLY`, `SQL_ERROR` */
export function oneStatement(sql: string, dialect: Dialect): { text: string; tokens: readonly Token[] } {
  // Engines take it for the end of the statement, or of a comment.
  if (sql.includes('\0')) throw new AppError('SQL_ERROR', 'The statement holds a null character.');
  const tokens = tokensOf(sql, dialect);
  const end = tokens.find(({ kind, text }) => kind === 'sign' && text === ';');
  const own = end === undefined ? tokens : tokens.filter(({ start }) => start < end.start);
  if (own.length === 0) throw new AppError('SQL_ERROR', 'There is no statement.');
  if (end === undefined) return { text: sql, tokens };
  if (tokens.some(({ text, start }) => start > end.start && text !== ';')) {
    throw new AppError('SQL_NOT_READ_ONLY', 'That is more than one statement.', {
      next: 'send one SELECT at a time',
    });
  }
  return { text: sql.slice(0, end.start), tokens: own };
}

const QUERIES: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', '(', 'FROM']);

/**
 * Tells early, and in words, that a statement is none that reads. Only for the message: what passes here is
 * held by the engine.
 *
 * @throws AppError `SQL_NOT_READ_ONLY`
 */
export function refuseOtherThanQuery(tokens: readonly Token[]): void {
  const first = tokens[0]?.text.toUpperCase() ?? '';
  if (QUERIES.has(first) || !/^[A-Z]+$/.test(first)) return;
  throw notReadOnly(`${first.slice(0, 20)} is not a query.`);
}

export function notReadOnly(message: string, cause?: unknown): AppError {
  return new AppError('SQL_NOT_READ_ONLY', message, {
    next: 'send one SELECT that only reads; describe_data tells what is there',
    ...(cause === undefined ? {} : { cause }),
  });
}

const DML: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'WITH']);

/** @throws AppError `SQL_ERROR` for what does not begin as a statement that changes rows */
export function refuseOtherThanChange(tokens: readonly Token[]): void {
  const [first] = tokens;
  if (first?.kind === 'word' && DML.has(first.text.toUpperCase())) return;
  throw noChange();
}

export function noChange(cause?: unknown): AppError {
  return new AppError('SQL_ERROR', 'That is not one INSERT, UPDATE or DELETE.', {
    next: 'send one statement that changes rows; query_data asks',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Where a place in the text is, for people: `line 2, column 7`. */
export function positionOf(sql: string, offset: number): string {
  const before = sql.slice(0, Math.max(0, offset));
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}`;
}

/** How many values a statement waits for whose placeholders are question marks. */
export function placeholderCount(tokens: readonly Token[]): number {
  return tokens.filter(({ kind, text }) => kind === 'sign' && text === '?').length;
}
