import { endWithService } from '../../../core/end-with-service.ts';
import { AppError } from '../../../core/errors.ts';
import { PageRows } from '../databases/batches.ts';
import { BATCH_BYTES, BATCH_ROWS, MAX_PAGE_BYTES, rowTooLarge } from '../databases/values.ts';
import type { Catalogue, Change, Page } from '../source.ts';
import { catalogueOf } from './catalogue.ts';
import { OpenedDatabase, sqliteParameter } from './opened-database.ts';
import type { Operations, Question, Reply } from './protocol.ts';
import { checkPlaceholders, StatementRows } from './statement-rows.ts';

// A process of its own, as SQLite runs to the end of what it was asked and keeps its thread until then: only
// the end of the process ends a statement.

type Of<O extends keyof Operations> = Operations[O]['question'];

interface Stream {
  readonly database: OpenedDatabase;
  readonly sql: string;
  readonly rows: StatementRows;
}

let stream: Stream | undefined;

function answer(question: Question): Operations[keyof Operations]['answer'] {
  if (question.operation !== 'next') endStream();
  switch (question.operation) {
    case 'query':
      return withDatabase(question.file, false, (database) => page(database, question));
    case 'explain':
      return withDatabase(question.file, false, (database) => plan(database, question));
    case 'start':
      return start(question);
    case 'next':
      return batch();
    case 'end':
      return null;
    case 'catalogue':
      return withDatabase(question.file, false, (database) =>
        database.guarded('', [], (): Catalogue => catalogueOf(database, question)),
      );
    case 'modify':
      return withDatabase(question.file, true, (database) => modify(database, question));
  }
}

function withDatabase<T>(file: string, writable: boolean, work: (database: OpenedDatabase) => T): T {
  const database = new OpenedDatabase(file, writable);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function page(database: OpenedDatabase, { sql, params, limit, offset }: Of<'query'>): Page {
  const { statement, tokens } = database.query(sql);
  return database.guarded(sql, tokens, () => {
    const rows = new StatementRows(statement, params, tokens);
    for (let skipped = 0; skipped < offset; skipped++) {
      if (!rows.skip()) return { columns: rows.columns, rows: [], more: false };
    }
    const taken = new PageRows<Page['rows'][number]>({ limit, offset: 0 });
    for (let next = rows.next(); next !== undefined; next = rows.next()) {
      if (!taken.takes(next.row)) return { columns: rows.columns, rows: taken.rows, more: true };
    }
    return { columns: rows.columns, rows: taken.rows, more: false };
  });
}

function plan(database: OpenedDatabase, { sql, params }: Of<'explain'>): string {
  const { text, tokens } = database.query(sql);
  checkPlaceholders(params, tokens);
  return database.guarded(sql, tokens, () => {
    const depths = new Map<unknown, number>();
    const lines = database.explain(text).map(({ id, parent, detail }) => {
      const depth = (depths.get(parent) ?? -1) + 1;
      depths.set(id, depth);
      return `${'  '.repeat(depth)}${String(detail)}`;
    });
    return lines.join('\n');
  });
}

function start({ file, sql, params }: Of<'start'>): Operations['start']['answer'] {
  const database = new OpenedDatabase(file, false);
  try {
    const { statement, tokens } = database.query(sql);
    const rows = database.guarded(sql, tokens, () => new StatementRows(statement, params, tokens));
    stream = { database, sql, rows };
  } catch (error) {
    database.close();
    throw error;
  }
  const { rows } = stream;
  const first = batch();
  return { columns: rows.columns, ...first };
}

function batch(): Operations['next']['answer'] {
  if (stream === undefined) return { rows: [], done: true };
  const { database, rows, sql } = stream;
  try {
    return database.guarded(sql, [], () => {
      const taken: Page['rows'][number][] = [];
      for (let weight = 0; weight < BATCH_BYTES && taken.length < BATCH_ROWS;) {
        const next = rows.next();
        if (next === undefined) {
          endStream();
          return { rows: taken, done: true };
        }
        weight += next.weight;
        if (next.weight > MAX_PAGE_BYTES) throw rowTooLarge(MAX_PAGE_BYTES);
        taken.push(next.row);
      }
      return { rows: taken, done: false };
    });
  } catch (error) {
    endStream();
    throw error;
  }
}

function endStream(): void {
  stream?.database.close();
  stream = undefined;
}

function modify(database: OpenedDatabase, request: Of<'modify'>): Change {
  let affected = 0;
  const judge = (count: number): boolean => {
    affected = count;
    return !request.dryRun && count <= request.maxAffected;
  };
  database.change(request.sql, request.params.map(sqliteParameter), judge);
  return { affected, applied: judge(affected) };
}

function replyTo(question: Question): Reply {
  try {
    return { answer: answer(question) };
  } catch (error) {
    const failure = error instanceof AppError ? error : new AppError('INTERNAL', 'SQLite failed.');
    const cause = failure === error ? failure.cause : error;
    const detail = cause instanceof Error ? cause.message : failure.message;
    return { failure: { code: failure.code, message: failure.message, next: failure.next, detail } };
  }
}

// While SQLite works this thread hears nothing.
endWithService();
process.on('message', (question: Question) => {
  process.send?.(replyTo(question));
});
