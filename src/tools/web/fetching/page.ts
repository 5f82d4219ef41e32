import type { ContentClass } from '../../../core/budget.ts';

export const FORMATS = ['markdown', 'text', 'raw'] as const;
export type Format = (typeof FORMATS)[number];

/** What a thread is to make of the bytes of a page. */
export interface PageQuestion {
  readonly bytes: Uint8Array;
  /** As the server has declared it. */
  readonly charset: string | undefined;
  readonly isHtml: boolean;
  readonly format: Format;
  /** What references of the page are relative to. */
  readonly address: string;
}

/** The plain text comes first, for when no Markdown follows in time. */
export type PageAnswer =
  | { readonly stage: 'text' | 'done'; readonly made: MadePage }
  | { readonly stage: 'failed'; readonly problem: 'nested' | 'failed'; readonly detail: string };

export interface MadePage {
  readonly text: string;
  /** Where it is not UTF-8. */
  readonly encoding: string | undefined;
  readonly isMainPart: boolean;
  /** Whether it is all the text, without its form. */
  readonly isPlain: boolean;
}

/** A page that can be told part by part. */
export interface Page {
  readonly url: string;
  readonly text: string;
  readonly contentClass: ContentClass;
  /** What the reader should know of how it was made. */
  readonly remarks: readonly string[];
}
