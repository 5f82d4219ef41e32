import { hash } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '../../core/errors.ts';

const envelope = z.tuple([z.string(), z.unknown()]);

/**
 * Opaque page marks of one kind of listing. A mark holds the position and a digest of the question, so
 * that it cannot be used with another question. It grants nothing: positions are checked like any input.
 */
export class Cursors<P extends z.ZodType> {
  readonly #tool: string;
  readonly #position: P;

  constructor(tool: string, position: P) {
    this.#tool = tool;
    this.#position = position;
  }

  /** `question`: everything that decides which entries there are and in which order. */
  write(question: unknown, position: z.output<P>): string {
    return Buffer.from(JSON.stringify([digest(question), position])).toString('base64url');
  }

  /** @throws AppError `INVALID_ARGUMENT` for a mark that is damaged or of another question */
  read(question: unknown, cursor: string): z.output<P> {
    const parsed = envelope.safeParse(parsedJson(Buffer.from(cursor, 'base64url').toString()));
    if (!parsed.success) throw this.#refusal('The cursor is not one that a page has given.');
    if (parsed.data[0] !== digest(question)) {
      throw this.#refusal('The cursor belongs to a call with other arguments.');
    }
    const position = this.#position.safeParse(parsed.data[1]);
    if (!position.success) throw this.#refusal('The cursor is not one that a page has given.');
    return position.data;
  }

  #refusal(message: string): AppError {
    return new AppError('INVALID_ARGUMENT', message, {
      next: `call ${this.#tool} without cursor, or with the arguments of the call whose page named it`,
    });
  }
}

function digest(question: unknown): string {
  return hash('sha256', JSON.stringify(question), 'base64url').slice(0, 10);
}

function parsedJson(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}
