import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../../core/errors.ts';
import { appendedText } from './appended-text.ts';
import { editedText, MAX_CHANGED_LINES } from './edited-text.ts';
import type { TextOrder, TextReply } from './text-work.ts';

// A thread of its own: seeking, comparing and converting a megabyte takes processor time that belongs to other callers.
async function reply({ edit, append }: TextOrder): Promise<TextReply> {
  try {
    if (edit !== undefined) return { edited: await editedText(edit, MAX_CHANGED_LINES) };
    return { appended: await appendedText(append) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, next } = error;
    return { refused: { code, message, next } };
  }
}

parentPort?.postMessage(await reply(workerData as TextOrder));
