import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AppError } from '../core/errors.ts';
import type { Surroundings } from './surroundings.ts';

type Streams = Pick<Surroundings, 'stdin' | 'stderr'>;

type Question = (question: string) => Promise<string>;

/**
 * Asks on the terminal; the question goes to standard error, so that standard output stays clean.
 *
 * @throws AppError `INVALID_ARGUMENT` without a terminal, naming the option that does without
 */
export async function ask(streams: Streams, question: string, option: string): Promise<string> {
  return await onTerminal(streams, { option, echo: true }, (put) => put(question));
}

/** Asks for a new password twice, showing nothing of what is typed. */
export async function askPassword(streams: Streams): Promise<string> {
  return await onTerminal(streams, { option: '--password-stdin', echo: false }, async (put) => {
    const password = await put('New password: ');
    if ((await put('The same again: ')) === password) return password;
    throw new AppError('INVALID_ARGUMENT', 'The two passwords differ.');
  });
}

/** Reads a password that a program pipes in, without its last newline. */
export async function readPassword({ stdin }: Streams): Promise<string> {
  return (await text(stdin)).replace(/\r?\n$/, '');
}

async function onTerminal(
  { stdin, stderr }: Streams,
  { option, echo }: { readonly option: string; readonly echo: boolean },
  dialogue: (put: Question) => Promise<string>,
): Promise<string> {
  if (stdin.isTTY !== true) {
    throw new AppError('INVALID_ARGUMENT', 'There is no terminal to ask on.', { next: `use ${option}` });
  }
  // In terminal mode readline does the echoing itself, and writes it to where nothing is shown.
  const reader = createInterface({ input: stdin, output: echo ? stderr : nowhere(), terminal: true });
  const cancelled = new Promise<never>((_resolve, reject) => {
    reader.once('close', () => {
      reject(new AppError('CANCELLED', 'Cancelled.'));
    });
  });
  const put: Question = async (question) => {
    stderr.write(question);
    const answer = await Promise.race([reader.question(''), cancelled]);
    if (!echo) stderr.write('\n');
    return answer;
  };
  try {
    return await dialogue(put);
  } finally {
    reader.close();
    // Losing the race is how it ends as a rule.
    await cancelled.catch(() => undefined);
  }
}

function nowhere(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}
