import { AppError, type AppErrorCode } from '../../../core/errors.ts';
import { programBeside } from '../../../core/program-beside.ts';
import type { ToolCall } from '../../../core/tool.ts';
import { Threads } from '../thread.ts';
import { type AppendedText, type AppendOrder, appendedText } from './appended-text.ts';
import { type EditedText, editedText, type EditOrder } from './edited-text.ts';

/** What a thread is asked. */
export type TextOrder =
  | { readonly edit: EditOrder; readonly append?: undefined }
  | { readonly edit?: undefined; readonly append: AppendOrder };

/** What it answers. */
export interface TextReply {
  readonly edited?: EditedText;
  readonly appended?: AppendedText;
  readonly refused?: {
    readonly code: AppErrorCode;
    readonly message: string;
    readonly next: string | undefined;
  };
}

type Caller = Pick<ToolCall, 'principal' | 'signal'>;

const PROGRAM = programBeside(import.meta.url, 'text-worker');
/** Bytes and characters up to which the work is done at once: starting a thread takes longer. */
const SMALL = 32_768;
const FEW_CHANGED_LINES = 300;

/** Work on text that grows with the text: on small ones it is done at once, on others in a thread. */
export class TextWork {
  readonly #threads = new Threads(PROGRAM);

  /** @throws AppError as `editedText`, `BUSY`; the signal's reason */
  async edit(order: EditOrder, caller: Caller): Promise<EditedText> {
    const given = order.edits.reduce((sum, edit) => sum + edit.old_text.length + edit.new_text.length, 0);
    if (order.bytes.length + given <= SMALL) {
      const quick = await editedText(order, FEW_CHANGED_LINES);
      if (quick.diff !== undefined) return quick;
    }
    const { edited } = await this.#ask({ edit: order }, caller);
    if (edited === undefined) throw new TypeError('The thread answered something else');
    return edited;
  }

  /** @throws AppError as `appendedText`, `BUSY`; the signal's reason */
  async append(order: AppendOrder, caller: Caller): Promise<AppendedText> {
    if (order.bytes.length + order.content.length <= SMALL) return appendedText(order);
    const { appended } = await this.#ask({ append: order }, caller);
    if (appended === undefined) throw new TypeError('The thread answered something else');
    return appended;
  }

  async #ask(order: TextOrder, { principal: { subject }, signal }: Caller): Promise<TextReply> {
    const told = await this.#threads.ask<TextReply>(order, { subject, signal });
    if (!('answer' in told)) throw new AppError('MEMORY_LIMIT', 'The edits take too much memory.');
    const { refused } = told.answer;
    if (refused === undefined) return told.answer;
    const { code, message, next } = refused;
    throw new AppError(code, message, next === undefined ? {} : { next });
  }
}
