import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import { Refusal, StatementError } from './faults.ts';

/** A part of a syntax tree, as the engine writes it. */
export type Tree = string | number | boolean | null | Branch | Tree[];
export interface Branch {
  [key: string]: Tree;
}

interface ParsedText {
  readonly error: boolean;
  readonly error_type?: string;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: Branch[];
}

declare global {
  // ECMAScript has them (JSON.parse source text access); the library that this is compiled against does not yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  }
}

/** Reads and writes syntax trees; it executes nothing. */
export class Syntax {
  readonly #parse: DuckDBPreparedStatement;
  readonly #print: DuckDBPreparedStatement;

  private constructor(parse: DuckDBPreparedStatement, print: DuckDBPreparedStatement) {
    this.#parse = parse;
    this.#print = print;
  }

  /** @param guard A connection that reaches nothing and cannot be reconfigured. */
  static async open(guard: DuckDBConnection): Promise<Syntax> {
    return new Syntax(
      await guard.prepare('SELECT json_serialize_sql($1::VARCHAR)'),
      await guard.prepare('SELECT json_deserialize_sql($1::JSON)'),
    );
  }

  /**
   * The tree of a statement that is one SELECT.
   *
   * @throws StatementError for what is no SQL, Refusal for other statements
   */
  async parse(sql: string): Promise<Branch> {
    const text = await ask(this.#parse, sql);
    // As the engine documents what json_serialize_sql answers.
    const parsed = readJson(text) as ParsedText;
    if (parsed.error) throw errorOf(parsed);
    const statements = parsed.statements ?? [];
    const [statement] = statements;
    if (statement === undefined || statements.length !== 1) throw notOne(statements.length);
    return statement;
  }

  /** The statement of a tree. */
  async print(statement: Branch): Promise<string> {
    const tree = JSON.stringify({ error: false, statements: [statement] });
    return ask(this.#print, tree);
  }
}

async function ask(prepared: DuckDBPreparedStatement, value: string): Promise<string> {
  prepared.bindVarchar(1, value);
  const answer = (await prepared.runAndReadAll()).getRows()[0]?.[0];
  if (typeof answer !== 'string') throw new TypeError('The engine answered no text');
  return answer;
}

/** Numbers that a double cannot hold stay as they are written. */
function readJson(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    // 1.0 must not become 1: it is of another type.
    return Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? value : JSON.rawJSON(source);
  });
}

function errorOf({ error_type: type, error_message: message = '', position }: ParsedText): Error {
  // Of json_serialize_sql, for whatever is no SELECT.
  if (type === 'not implemented') {
    return new Refusal(
      'SQL_NOT_READ_ONLY',
      'Only one SELECT can be run here (also WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, PIVOT … IN, UNPIVOT).',
      "Give what it selects as one SELECT; name the values of a PIVOT: PIVOT t ON c IN ('a', 'b') USING sum(x); to write a file take export_data",
    );
  }
  return new StatementError(message, position === undefined ? undefined : Number(position));
}

function notOne(count: number): Refusal {
  const what = count === 0 ? 'The text holds no statement.' : `The text holds ${count} statements.`;
  return new Refusal('SQL_NOT_READ_ONLY', `${what} One SELECT can be run at a time.`, 'send one SELECT');
}

export function isBranch(tree: Tree | undefined): tree is Branch {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree);
}
