import type { FileServices, Look } from '../services.ts';

/** What the images of one call may come to, together. */
export interface ImageRoom {
  /** Bytes. */
  left: number;
  /** Virtual paths of those that found no room. */
  readonly leftOut: string[];
}

/** One of the files that a call asks for. */
export interface ReadRequest {
  readonly services: FileServices;
  readonly call: Look;
  readonly path: string;
  readonly startLine: number;
  readonly maxLines: number;
  readonly encoding: string;
  /** Tokens that are for other files. */
  readonly reserve: number;
  readonly images: ImageRoom;
  /** The same call with a change, as text. */
  again(change: { readonly path?: string; readonly start_line?: number }): string;
}
