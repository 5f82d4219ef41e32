import type { ToolCall } from '../../../core/tool.ts';
import type { FileServices } from '../services.ts';
import type { LineIndexes } from './line-index.ts';
import type { TableReader } from './table-reader.ts';

/** One of the files that a call asks for. */
export interface ReadRequest {
  readonly services: FileServices;
  readonly indexes: LineIndexes;
  readonly tables: TableReader;
  readonly call: ToolCall;
  readonly path: string;
  readonly startLine: number;
  readonly maxLines: number;
  readonly encoding: string;
  /** Tokens that are for other files. */
  readonly reserve: number;
  /** The same call with a change, as text. */
  again(change: { readonly path?: string; readonly start_line?: number }): string;
}
