import type { DuckDBConnection } from '@duckdb/node-api';
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

// ECMAScript has them (JSON.parse source text access); the library that this is compiled against does not yet.
interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const exact = JSON as unknown as ExactJson;

/** Reads and writes syntax trees; it executes nothing. */
export class Syntax {
  readonly #guard: DuckDBConnection;

  /** @param guard A connection that reaches nothing and cannot be reconfigured. */
  constructor(guard: DuckDBConnection) {
    this.#guard = guard;
  }

  /**
   * The tree of a statement that is one SELECT.
   *
   * @throws StatementError for what is no SQL, Refusal for other statements
   */
  async parse(sql: string): Promise<Branch> {
    const text = await this.#ask('SELECT json_serialize_sql($1::VARCHAR)', sql);
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
    return this.#ask('SELECT json_deserialize_sql($1::JSON)', tree);
  }

  async #ask(sql: string, value: string): Promise<string> {
    const rows = (await this.#guard.runAndReadAll(sql, [value])).getRows();
    const answer = rows[0]?.[0];
    if (typeof answer !== 'string') throw new TypeError('The engine answered no text');
    return answer;
  }
}

/** Numbers that a double cannot hold stay as they are written. */
function readJson(text: string): unknown {
  return exact.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    // 1.0 must not become 1: it is of another type.
    return Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? value : exact.rawJSON(source);
  });
}

function errorOf({ error_type: type, error_message: message = '', position }: ParsedText): Error {
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
