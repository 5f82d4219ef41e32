import type { SupervisedProcess } from './processes.ts';

const MAX_WORDS = 2000;

/** A process has ended instead of answering. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone';
  /** Whether it was killed from here. Otherwise a signal means that it had no more memory: V8 and the system end it so. */
  readonly wasKilled: boolean;
  readonly signal: string | undefined;

  constructor(how: Awaited<SupervisedProcess['ended']>, words: string, wasKilled: boolean) {
    super(`The process has ended (${how.signal ?? how.exitCode ?? ''}): ${words}`);
    this.signal = how.signal;
    this.wasKilled = wasKilled;
  }
}

type Running = Pick<SupervisedProcess, 'child' | 'ended' | 'kill'>;

interface Waiting<Answer> {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** A process that is sent one question at a time, as a message, and answers each with one; killing it ends what it does. */
export class AskedProcess<Question extends object, Answer extends object> {
  readonly #process: Running;
  #waiting: Waiting<Answer> | undefined;
  #isAlive = true;
  #wasKilled = false;
  #gone: Error | undefined;
  #words = '';

  /** @param process Started with `messages` and `input`. */
  constructor(process: Running) {
    this.#process = process;
    const { child, ended } = process;
    child.stdout?.resume();
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#words = (this.#words + chunk.toString()).slice(0, MAX_WORDS);
    });
    child.stdin?.on('error', () => undefined);
    child.on('message', (answer) => {
      // What was killed is not heard any more.
      if (!this.#wasKilled) this.#waiting?.resolve(answer as Answer);
    });
    child.once('exit', () => {
      this.#isAlive = false;
    });
    ended.then(
      (how) => {
        this.#end(new ProcessGone(how, this.#words, this.#wasKilled));
      },
      (error: unknown) => {
        this.#end(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** @throws ProcessGone where it ends; the signal's reason, when all has stopped */
  async ask(question: Question, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    if (this.#gone !== undefined) throw this.#gone;
    const abort = (): void => {
      this.kill();
    };
    signal.addEventListener('abort', abort, { once: true });
    // Raced against its end, each answer would be kept until then.
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    try {
      this.#process.child.send(question, () => undefined);
      return await answered;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      this.#waiting = undefined;
      signal.removeEventListener('abort', abort);
    }
  }

  kill(): void {
    this.#isAlive = false;
    this.#wasKilled = true;
    this.#process.kill();
  }

  #end(gone: Error): void {
    this.#isAlive = false;
    this.#gone = gone;
    this.#waiting?.reject(gone);
  }
}
