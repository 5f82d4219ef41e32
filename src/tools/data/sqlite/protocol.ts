import type { AppErrorCode } from '../../../core/errors.ts';
import type { Catalogue, CatalogueQuestion, Change, ChangeRequest, Page, Statement } from '../source.ts';

/** Why a file cannot be used; what else is said of it may name it. */
export const NOT_WRITABLE = 'its file or its folder cannot be written to';

interface Opened {
  /** The file of the database. */
  readonly file: string;
}

/** The first rows of a stream, or the next. */
interface Batch extends Pick<Page, 'rows'> {
  readonly done: boolean;
}

/** What the process can be asked, one question at a time, and what it answers. */
export interface Operations {
  query: {
    question: Opened & Statement & { readonly limit: number; readonly offset: number };
    answer: Page;
  };
  explain: { question: Opened & Statement; answer: string };
  /** Begins a stream; `next` goes on with it, any other question ends it. */
  start: { question: Opened & Statement; answer: Batch & Pick<Page, 'columns'> };
  next: { question: object; answer: Batch };
  end: { question: object; answer: null };
  catalogue: { question: Opened & Omit<CatalogueQuestion, 'path'>; answer: Catalogue };
  modify: { question: Opened & ChangeRequest; answer: Change };
}

export type Operation = keyof Operations;

export type Question = {
  [O in Operation]: { readonly operation: O } & Operations[O]['question'];
}[Operation];

export type Reply =
  | { readonly answer: Operations[Operation]['answer'] }
  | {
      readonly failure: {
        readonly code: AppErrorCode;
        readonly message: string;
        readonly next?: string | undefined;
        /** For the log only. */
        readonly detail: string;
      };
    };
