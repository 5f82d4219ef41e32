import { Worker } from 'node:worker_threads';
import { AppError } from '../../../core/errors.ts';
import { FairLimiter } from '../../../core/fair-limiter.ts';
import { callText } from '../../../core/phrases.ts';
import type { MadePage, PageAnswer, PageQuestion } from './page.ts';

// The file beside this one, in the sources as in the build.
const PROGRAM = new URL(`./page-worker${/\.[a-z]+$/.exec(import.meta.url)?.[0] ?? ''}`, import.meta.url);
const WORKERS = 2;
/** For each subject: heavy pages of one keep nobody else waiting for longer than one of them takes. */
const QUEUE = { perPrincipal: WORKERS, queuePerPrincipal: 16, queueWaitMs: 20_000 };
/** Beside what a large page needs for itself, which is copied at each step. */
const MAX_HEAP_MB = 384;
const HEAP_PER_BYTE = 16;
export const MAKING_MS = 6000;

/** Makes text of what was fetched, in threads that end with the call. */
export class PageMaker {
  readonly #places = new FairLimiter({ global: WORKERS, ...QUEUE });
  readonly #timeoutMs: number;

  /** @param timeoutMs For one page, from the start of its thread. */
  constructor(timeoutMs = MAKING_MS) {
    this.#timeoutMs = timeoutMs;
  }

  /** @throws AppError `NOT_TEXT` for a page that cannot be taken apart, `BUSY`; the signal's reason */
  async make(question: PageQuestion, subject: string, signal: AbortSignal): Promise<MadePage> {
    const release = this.#places.tryAcquire(subject) ?? (await this.#places.acquire(subject, signal));
    try {
      return await run(question, this.#timeoutMs, signal);
    } finally {
      release();
    }
  }
}

/** The Markdown if it comes in time and memory, else the text that came before it. */
async function run(question: PageQuestion, timeoutMs: number, signal: AbortSignal): Promise<MadePage> {
  signal.throwIfAborted();
  const worker = new Worker(PROGRAM, {
    workerData: question,
    env: {},
    stdout: true,
    stderr: true,
    // For what is made of many small things. A single large one beyond it would end the process: distill sees to that.
    resourceLimits: { maxOldGenerationSizeMb: heapMb(question), maxYoungGenerationSizeMb: 32 },
  });
  let best: MadePage | undefined;
  let detail = 'the thread ended without an answer';
  let problem: 'nested' | 'failed' = 'failed';
  const late = setTimeout(() => {
    detail = 'it took too long';
    void worker.terminate();
  }, timeoutMs);
  const abort = (): void => void worker.terminate();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve) => {
      worker.on('message', (answer: PageAnswer) => {
        if (answer.stage === 'failed') ({ detail, problem } = answer);
        else best = answer.made;
      });
      worker.once('error', (error: Error) => {
        detail = `${error.name}: ${error.message}`;
      });
      worker.once('exit', () => {
        resolve();
      });
    });
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', abort);
  }
  signal.throwIfAborted();
  if (best === undefined) throw unmakeable(question, problem, new Error(detail));
  return best;
}

function heapMb({ bytes }: PageQuestion): number {
  return MAX_HEAP_MB + Math.ceil((bytes.byteLength * HEAP_PER_BYTE) / 1_048_576);
}

function unmakeable({ address }: PageQuestion, problem: 'nested' | 'failed', cause: Error): AppError {
  const why =
    problem === 'nested' ? 'its elements stand thousands deep in one another' : 'it is built too heavily';
  return new AppError('NOT_TEXT', `The page cannot be made into readable text: ${why}.`, {
    cause,
    next: callText('fetch_url', { url: address, format: 'raw' }),
  });
}
