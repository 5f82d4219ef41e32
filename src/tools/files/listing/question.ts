import * as z from 'zod';
import { Cursors } from '../cursor.ts';
import type { FileServices, Look } from '../services.ts';
import type { Entry } from '../workspace/sandbox.ts';

/** Everything that decides which entries there are, and in which order. */
export interface ListQuestion {
  readonly path: string;
  readonly glob?: string | undefined;
  readonly depth: number;
  readonly include_ignored: boolean;
  readonly sort: 'name' | 'size' | 'modified';
}

export interface ListPage {
  readonly services: FileServices;
  readonly call: Look;
  readonly question: ListQuestion;
  /** Held by the caller. */
  readonly directory: Entry;
  readonly cursor: string | undefined;
}

export const PAGE_ENTRIES = 500;
/** Tokens kept back for the closing line. */
export const CLOSING_TOKENS = 400;

/** A page mark: what the last entry was sorted by (0 for its name), and its path below the listed folder. */
export const cursors = new Cursors('list_files', z.tuple([z.number(), z.string().min(1).max(4096)]));
