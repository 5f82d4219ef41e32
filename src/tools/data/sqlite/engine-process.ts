import { extname } from 'node:path';
import { AskedProcess, ProcessGone } from '../../../core/asked-process.ts';
import { AppError } from '../../../core/errors.ts';
import type { Processes } from '../../../core/processes.ts';
import { programBeside } from '../../../core/program-beside.ts';
import type { WarmProcess } from '../../../core/warm-processes.ts';
import { outOfMemory } from '../databases/values.ts';
import type { Operation, Operations, Reply } from './protocol.ts';

const PROGRAM = programBeside(import.meta.url, 'sqlite-engine');
const MB = 1024 * 1024;
const MAX_FILES = 64;
// The compiler of JavaScript reserves as much memory as a statement may use; without it the bound is tight. It is
// needed to run the sources, which are TypeScript.
const IS_BUILT = extname(PROGRAM) !== '.ts';
const FLAGS = [...(IS_BUILT ? ['--jitless'] : []), '--max-old-space-size=128'];
const MAX_MEMORY_BYTES = (IS_BUILT ? 512 : 512 + 640) * MB;

/** A process that answers one question after the other; killing it ends what it does. */
export class EngineProcess implements WarmProcess {
  readonly #process: AskedProcess<object, Reply>;

  constructor(processes: Processes) {
    this.#process = new AskedProcess(
      processes.start({
        command: process.execPath,
        args: [...FLAGS, '--disable-warning=ExperimentalWarning', PROGRAM],
        env: {},
        limits: { memoryBytes: MAX_MEMORY_BYTES, openFiles: MAX_FILES },
        input: true,
        messages: true,
      }),
    );
  }

  get isAlive(): boolean {
    return this.#process.isAlive;
  }

  /** @throws AppError as the process says, `MEMORY_LIMIT` where it ends; the signal's reason, when all has stopped */
  async ask<O extends Operation>(
    operation: O,
    question: Operations[O]['question'],
    signal: AbortSignal,
  ): Promise<Operations[O]['answer']> {
    try {
      return answerOf(await this.#process.ask({ operation, ...question }, signal));
    } catch (error) {
      throw error instanceof ProcessGone ? failureOf(error) : error;
    }
  }

  kill(): void {
    this.#process.kill();
  }
}

function failureOf(gone: ProcessGone): Error {
  if (gone.wasKilled) return new AppError('CANCELLED', 'The statement was ended.');
  return gone.signal === undefined ? gone : outOfMemory(gone);
}

function answerOf(reply: Reply): Operations[Operation]['answer'] {
  if ('answer' in reply) return reply.answer;
  const { code, message, next, detail } = reply.failure;
  throw new AppError(code, message, {
    cause: new Error(detail),
    ...(next === undefined ? {} : { next }),
    ...(code === 'BUSY' ? { retryAfter: 2 } : {}),
  });
}
