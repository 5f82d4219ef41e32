import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../../core/errors.ts';
import type { Processes, SupervisedProcess } from '../../../core/processes.ts';
import { outOfMemory } from '../databases/values.ts';
import type { Operation, Operations, Reply } from './protocol.ts';

// The file beside this one, in the sources as in the build.
const EXTENSION = /\.[a-z]+$/.exec(import.meta.url)?.[0] ?? '';
const PROGRAM = fileURLToPath(new URL(`./sqlite-engine${EXTENSION}`, import.meta.url));
const MB = 1024 * 1024;
const MAX_FILES = 64;
const MAX_COMPLAINT = 2000;
// The compiler of JavaScript reserves as much memory as a statement may use; without it the bound is tight. It is
// needed to run the sources, which are TypeScript.
const IS_BUILT = EXTENSION !== '.ts';
const FLAGS = [...(IS_BUILT ? ['--jitless'] : []), '--max-old-space-size=128'];
const MAX_MEMORY_BYTES = (IS_BUILT ? 512 : 512 + 640) * MB;

/** A process that answers one question after the other; killing it ends what it does. */
export class EngineProcess {
  readonly #process: SupervisedProcess;
  #isAlive = true;
  #isKilled = false;
  #complaint = '';

  constructor(processes: Processes) {
    this.#process = processes.start({
      command: process.execPath,
      args: [...FLAGS, '--disable-warning=ExperimentalWarning', PROGRAM],
      env: {},
      limits: { memoryBytes: MAX_MEMORY_BYTES, openFiles: MAX_FILES },
      input: true,
      messages: true,
    });
    const { child, ended } = this.#process;
    child.stdout?.resume();
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(0, MAX_COMPLAINT);
    });
    child.stdin?.on('error', () => undefined);
    const gone = (): void => {
      this.#isAlive = false;
    };
    child.once('exit', gone);
    ended.then(gone, gone);
    // It must not keep the service from ending.
    child.unref();
    child.channel?.unref();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** @throws AppError as the process says, `MEMORY_LIMIT` where it ends; the signal's reason, when all has stopped */
  async ask<O extends Operation>(
    operation: O,
    question: Operations[O]['question'],
    signal: AbortSignal,
  ): Promise<Operations[O]['answer']> {
    return await this.#ask({ operation, ...question }, signal);
  }

  async #ask(question: object, signal: AbortSignal): Promise<Operations[Operation]['answer']> {
    signal.throwIfAborted();
    const { child, ended } = this.#process;
    const listening = new AbortController();
    const abort = (): void => {
      this.kill();
    };
    signal.addEventListener('abort', abort, { once: true });
    child.ref();
    child.channel?.ref();
    try {
      const reply = once(child, 'message', { signal: listening.signal }) as Promise<[Reply]>;
      reply.catch(() => undefined);
      child.send(question, () => undefined);
      const said = await Promise.race([reply, ended]);
      signal.throwIfAborted();
      if (!Array.isArray(said)) throw this.#endedEarly(said);
      return answerOf(said[0]);
    } finally {
      listening.abort();
      signal.removeEventListener('abort', abort);
      child.unref();
      child.channel?.unref();
    }
  }

  /** By a signal: the system or the engine itself has given up, which it does for want of memory. */
  #endedEarly({ signal, exitCode }: Awaited<SupervisedProcess['ended']>): Error {
    if (this.#isKilled) return new AppError('CANCELLED', 'The statement was ended.');
    const cause = new Error(`The process of SQLite ended (${signal ?? exitCode ?? ''}): ${this.#complaint}`);
    return signal === undefined ? cause : outOfMemory(cause);
  }

  kill(): void {
    this.#isAlive = false;
    this.#isKilled = true;
    this.#process.kill();
  }
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
