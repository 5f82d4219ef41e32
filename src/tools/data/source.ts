import type { HealthReport } from '../../core/health.ts';
import type { Principal } from '../../core/principal.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Draft } from '../../core/workspace-files.ts';

export type SourceKind = 'files' | 'sqlite' | 'postgres' | 'mysql';

/** What every answer of a source is made of: plain JSON. Whole numbers beyond 2^53 and decimals are strings, so that no digit is lost. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Who asks, and how long the source may work for them. */
export interface Asking {
  readonly principal: Pick<Principal, 'permit' | 'subject'>;
  /** Aborts with the call: the work really stops, in the engine too. */
  readonly signal: AbortSignal;
  /** What the source's configuration or the kind of work allows: `TIMEOUT` after it. */
  readonly timeoutMs: number;
  readonly logger: Logger;
  /** The call that asks again with another statement, for what to do next. */
  readonly again?: (sql: string) => string;
}

export interface Statement {
  readonly sql: string;
  /** For the placeholders of the source's dialect, in order. */
  readonly params: readonly Value[];
}

export interface Column {
  readonly name: string;
  /** As the engine calls it. */
  readonly type: string;
}

export interface Page {
  readonly columns: readonly Column[];
  /**
   * Fewer than were asked for where the page would take more than about 16 MB as JSON, 8 MB from databases: then
   * `more` is true. A single row that takes more is `MEMORY_LIMIT`.
   */
  readonly rows: readonly (readonly Value[])[];
  /** Exact: whether there are further rows. */
  readonly more: boolean;
}

/** Columns first, once, then rows in batches. */
export interface RowStream {
  readonly columns: readonly Column[];
  readonly batches: AsyncIterable<readonly (readonly Value[])[]>;
}

export interface ColumnInfo extends Column {
  readonly nullable?: boolean;
  readonly comment?: string;
}

export interface ForeignKey {
  readonly columns: readonly string[];
  /** As {@link TableInfo.name}. */
  readonly table: string;
  readonly references: readonly string[];
}

export interface TableInfo {
  /**
   * As a statement names it, quoted where that is needed, so that it stands in one as it is: `orders`,
   * `sales.orders`, `"Order items"`, `'/data/orders.csv'`.
   */
  readonly name: string;
  readonly kind: 'table' | 'view' | 'file';
  /** Rows, where that is known without counting; an estimate of the engine's for databases. */
  readonly rows?: number;
  /** Bytes, of a file. */
  readonly size?: number;
  readonly comment?: string;
  readonly columns: readonly ColumnInfo[];
  readonly primaryKey: readonly string[];
  readonly foreignKeys: readonly ForeignKey[];
}

export interface CatalogueQuestion {
  /** Narrows the files: a file, a folder or a glob. */
  readonly path?: string | undefined;
  /** Narrows to one table, as the caller spells it: `PATH_NOT_FOUND` with the closest names where there is none. */
  readonly table?: string | undefined;
  /** `names`: columns and keys may stay empty. */
  readonly detail: 'names' | 'columns' | 'full';
  /** Tables at most. */
  readonly limit: number;
}

export interface Catalogue {
  readonly tables: readonly TableInfo[];
  readonly more: boolean;
}

export interface Change {
  readonly affected: number;
  /** False after a dry run. */
  readonly applied: boolean;
}

export interface ChangeRequest extends Statement {
  readonly dryRun: boolean;
  /** Rolls back what would change more rows. */
  readonly maxAffected: number;
}

export type ExportFormat = 'csv' | 'parquet' | 'json';

/**
 * Something that SQL can be asked of. Reading never changes anything, whatever the statement: each source
 * sees to it by means of its engine. Making a source does no work and loads no driver: that is for the first
 * method that needs it.
 *
 * Every method throws AppError: `SQL_NOT_READ_ONLY`, `SQL_ERROR` (the engine's message, position, candidate
 * columns), `TIMEOUT`, `MEMORY_LIMIT`, `SOURCE_UNAVAILABLE`, `BUSY`, and what the files' paths demand. `next` is
 * set where the source knows better than the tool, which sets it otherwise.
 */
export interface DataSource {
  /** What callers and policies name it by. */
  readonly name: string;
  readonly kind: SourceKind;
  /** For tool results and errors: `DuckDB`, `PostgreSQL 17`. */
  readonly dialect: string;
  /** Whether `modify` may be asked. */
  readonly isWritable: boolean;
  /** Rows from `offset` on, at most `limit`. Never a LIMIT appended to the statement. */
  query(
    asking: Asking,
    statement: Statement,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<Page>;
  /** The engine's plan, as text. Nothing is executed. */
  explain(asking: Asking, statement: Statement): Promise<string>;
  /** All rows, as they come; ending the iteration early ends the statement. */
  stream(asking: Asking, statement: Statement): Promise<RowStream>;
  catalogue(asking: Asking, question: CatalogueQuestion): Promise<Catalogue>;
  modify?(asking: Asking, request: ChangeRequest): Promise<Change>;
  check(): Promise<HealthReport>;
  close(): Promise<void>;
}

/** The engine that reads files is the one that writes them too. */
export interface FilesSource extends DataSource {
  /** Writes the statement's rows into a draft that the caller commits; answers how many there were. */
  exportTo(asking: Asking, statement: Statement, target: ExportTarget): Promise<{ readonly rows: number }>;
  /** The same for rows of another source. */
  writeRows(asking: Asking, rows: RowStream, target: ExportTarget): Promise<{ readonly rows: number }>;
  /** Version of the engine; undefined where it is missing. */
  engineVersion(): Promise<string | undefined>;
}

export interface ExportTarget {
  readonly draft: Draft;
  readonly format: ExportFormat;
  readonly maxBytes: number;
}
