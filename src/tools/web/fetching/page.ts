import type { ContentClass } from '../../../core/budget.ts';

export const FORMATS = ['markdown', 'text', 'raw'] as const;
export type Format = (typeof FORMATS)[number];

/** The bytes of a page, and what is known of them. */
export interface PageSource {
  readonly bytes: Uint8Array;
  /** As the server has declared it. */
  readonly charset: string | undefined;
  readonly isHtml: boolean;
  readonly format: Format;
  /** What references of the page are relative to. */
  readonly address: string;
}

/** What a process is asked: a page, and then, where it `hasMarkdown`, for that. */
export type PageQuestion = ({ readonly ask: 'read' } & PageSource) | { readonly ask: 'markdown' };

/** Plain text comes first, for when no Markdown follows in time. */
export type PageAnswer = { readonly made: MadePage; readonly hasMarkdown: boolean } | PageProblem;

export interface PageProblem {
  readonly problem: 'nested' | 'failed';
  /** For the log only. */
  readonly detail: string;
}

export interface MadePage {
  readonly text: string;
  /** Where it is not UTF-8. */
  readonly encoding: string | undefined;
  readonly isMainPart: boolean;
  /** Whether it is all the text, without the form that was asked for. */
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
