import type { Column, Value } from '../source.ts';

/** Where statements find their files and how results are written; relative to the engine's own folder. */
export interface Link {
  /** As the engine names the file: `data/orders.csv`. */
  readonly name: string;
  /** What it leads to: a descriptor that the service holds open. */
  readonly target: string;
}

/** Files that a statement names. */
export interface Wanted {
  /** Tells it from the others of the statement. */
  readonly key: string;
  /** As the statement spells it. */
  readonly spelling: string;
  /** Of a workbook: the sheet by its name, or the first one. */
  readonly sheet?: string | null;
}

/** What each of the {@link Wanted} stands for, by key: names of links. */
export type Places = Readonly<Record<string, readonly string[]>>;

export interface WriteOrder {
  /** Name of the link to write to. */
  readonly name: string;
  readonly format: 'csv' | 'parquet' | 'json';
  /** JSON as one array rather than one object a line. */
  readonly isArray: boolean;
}

export interface RunOrder {
  readonly places: Places;
  readonly links: readonly Link[];
  readonly mode: 'rows' | 'explain' | 'write';
  /** Rows to leave out, and rows to answer at most. */
  readonly skip: number;
  readonly take: number;
  /** With `write`. */
  readonly write?: WriteOrder;
}

export interface CopyOrder {
  /** Lines of JSON, each an object of `c0`, `c1`, …. */
  readonly from: Link;
  /** Of the longest line. */
  readonly maxLineBytes: number;
  readonly to: Link;
  /** Types are the engine's own. */
  readonly columns: readonly Column[];
  readonly write: WriteOrder;
}

/** What the engine is asked: one thing at a time, a statement in the order that stands here. */
export type Request =
  | { readonly ask: 'judge'; readonly sql: string; readonly params: readonly Value[] }
  | ({ readonly ask: 'run' } & RunOrder)
  | { readonly ask: 'more' }
  | ({ readonly ask: 'copy' } & CopyOrder)
  /** Ends whatever is under way. */
  | { readonly ask: 'stop' };

export type Fault =
  /** What was asked is not allowed; `next` tells what is. */
  | {
      readonly kind: 'refused';
      readonly code: 'SQL_NOT_READ_ONLY' | 'SQL_ERROR' | 'INVALID_ARGUMENT';
      readonly message: string;
      readonly next?: string;
    }
  | {
      readonly kind: 'statement';
      readonly message: string;
      /** Bytes into the statement. */
      readonly position?: number;
      /** What the statement names that does not exist, and what it might have meant. */
      readonly name?: string;
      readonly candidates?: readonly string[];
    }
  | { readonly kind: 'memory' }
  | { readonly kind: 'rows-too-large' | 'file-too-large' }
  | { readonly kind: 'broken'; readonly detail: string };

export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'judged'; readonly files: readonly Wanted[] }
  | {
      readonly is: 'rows';
      /** With the first rows. */
      readonly columns?: readonly Column[];
      readonly rows: readonly (readonly Value[])[];
      /** Nothing more comes. */
      readonly done: boolean;
      /** Whether rows were left when as many as wanted had been answered. */
      readonly more: boolean;
    }
  | { readonly is: 'written'; readonly rows: number }
  | { readonly is: 'stopped' }
  | { readonly is: 'fault'; readonly fault: Fault };
