import { type AskedProcess, ProcessGone } from '../../../core/asked-process.ts';
import { AppError } from '../../../core/errors.ts';
import type { Taker } from '../../../core/fair-places.ts';
import { callText } from '../../../core/phrases.ts';
import type { Processes } from '../../../core/processes.ts';
import { WarmProcesses } from '../../../core/warm-processes.ts';
import type { MadePage, PageAnswer, PageProblem, PageQuestion, PageSource } from './page.ts';
import { type PageMemory, startPageProcess } from './page-process.ts';

type PageProcess = AskedProcess<PageQuestion, PageAnswer>;

const PROCESSES = 3;
export const MAKING_MS = 6000;

interface Bounds extends PageMemory {
  /** For one page, beside its wait. Default 6 s. */
  readonly timeoutMs?: number;
}

/** Makes text of what was fetched, in processes that are killed when a page takes too much of time or memory. */
export class PageMaker {
  readonly #processes: WarmProcesses<PageProcess>;
  readonly #timeoutMs: number;

  constructor(processes: Processes, bounds: Bounds) {
    this.#processes = new WarmProcesses(PROCESSES, () => startPageProcess(processes, bounds));
    this.#timeoutMs = bounds.timeoutMs ?? MAKING_MS;
  }

  /**
   * The Markdown if it comes in time and memory, else the text that came before it.
   *
   * @throws AppError `NOT_TEXT` for a page that cannot be taken apart, `TIMEOUT`, `MEMORY_LIMIT`, `BUSY`; the
   * signal's reason
   */
  make(source: PageSource, taker: Taker): Promise<MadePage> {
    return this.#processes.with(taker, (process) =>
      make(process, source, { signal: taker.signal, timeoutMs: this.#timeoutMs }),
    );
  }

  close(): void {
    this.#processes.close();
  }
}

async function make(
  process: PageProcess,
  source: PageSource,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<MadePage> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const bounded = AbortSignal.any([signal, deadline]);
  let plain: MadePage | undefined;
  try {
    const read = await process.ask({ ask: 'read', ...source }, bounded);
    if ('problem' in read) throw unmakeable(source, read);
    if (!read.hasMarkdown) return read.made;
    plain = read.made;
    const formed = await process.ask({ ask: 'markdown' }, bounded);
    return 'problem' in formed ? plain : formed.made;
  } catch (error) {
    signal.throwIfAborted();
    if (plain !== undefined) return plain;
    throw deadline.aborted
      ? refusal('TIMEOUT', `The page took longer than ${timeoutMs / 1000} seconds to read.`, source, error)
      : explained(error, source);
  }
}

function unmakeable(source: PageSource, { problem, detail }: PageProblem): AppError {
  const why =
    problem === 'nested' ? 'its elements stand thousands deep in one another' : 'it is built too heavily';
  const message = `The page cannot be made into readable text: ${why}.`;
  return refusal('NOT_TEXT', message, source, new Error(detail));
}

function explained(error: unknown, source: PageSource): unknown {
  if (!(error instanceof ProcessGone)) return error;
  if (error.wasKilled) return new AppError('CANCELLED', 'The server is ending.', { cause: error });
  if (error.signal === undefined) return error;
  return refusal('MEMORY_LIMIT', 'The page needs more memory to read than it may have.', source, error);
}

/** The source is told by the service itself. */
function refusal(
  code: 'NOT_TEXT' | 'TIMEOUT' | 'MEMORY_LIMIT',
  message: string,
  { address }: PageSource,
  cause: unknown,
): AppError {
  return new AppError(code, message, { cause, next: callText('fetch_url', { url: address, format: 'raw' }) });
}
