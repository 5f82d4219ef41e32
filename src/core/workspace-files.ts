import type { FileHandle } from 'node:fs/promises';
import type { Principal } from './principal.ts';

/** A regular file that is open for reading and held, so that it cannot be exchanged. */
export interface HeldFile {
  /** The virtual path it was asked for by: `/data/orders.csv`. */
  readonly path: string;
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** Changes with the content: for `expected_version` and as a key of caches. */
  readonly version: string;
  close(): Promise<void>;
}

/** A file that is being written. Nobody sees it before it is committed, and nothing is left of it when it is discarded. */
export interface Draft {
  readonly path: string;
  /** Open for writing, empty. */
  readonly handle: FileHandle;
  /** Puts it in its place, atomically. Then the draft is closed. */
  commit(): Promise<{ readonly path: string; readonly size: number; readonly version: string }>;
  discard(): Promise<void>;
}

export interface DraftOptions {
  /** `fail` (`ALREADY_EXISTS`) or `overwrite`. */
  readonly ifExists: 'fail' | 'overwrite';
  /** The version that is to be replaced: `STALE_FILE` for another one. */
  readonly expectedVersion?: string | undefined;
}

export interface SheetOrder {
  /** By name; the first one where none is given. */
  readonly sheet: string | undefined;
  /** Stays open until the work has settled. */
  readonly target: FileHandle;
}

type Reader = Pick<Principal, 'permit' | 'subject'>;

/**
 * The files of the workspaces, for tools of other kinds. Every path is a caller's spelling: it is normalised,
 * judged by what it leads to, and what is denied or not allowed to the principal does not exist.
 */
export interface WorkspaceFiles {
  /**
   * Holds the file. Close it.
   *
   * @param again How the caller asks again with another path, for the error of a path that does not exist.
   * @throws AppError `PATH_NOT_FOUND` with the closest names, `OUTSIDE_WORKSPACE`, `INVALID_ARGUMENT` for a folder
   */
  open(
    principal: Reader,
    path: string,
    again: (path: string) => string,
    signal: AbortSignal,
  ): Promise<HeldFile>;
  /**
   * Virtual paths of the regular files that a glob matches (`/sales/*.parquet`; `**` crosses folders), or of all
   * below a folder, sorted, ignore files honoured. `more`: there are more than `limit`.
   */
  find(
    principal: Reader,
    pattern: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly paths: readonly string[]; readonly more: boolean }>;
  /**
   * Writes the rows of a sheet of a workbook (`.xlsx`) as CSV.
   *
   * @throws AppError `NOT_TEXT` for a damaged file, `FILE_TOO_LARGE`, `INVALID_ARGUMENT` that names the sheets there are
   */
  writeSheet(principal: Reader, file: HeldFile, order: SheetOrder, signal: AbortSignal): Promise<void>;
  /**
   * Begins a file; missing parent folders are made at the commit.
   *
   * @throws AppError `READ_ONLY`, `ALREADY_EXISTS`, `STALE_FILE`, `OUTSIDE_WORKSPACE`, `INVALID_ARGUMENT` for a folder
   */
  draft(principal: Reader, path: string, options: DraftOptions): Promise<Draft>;
}
