import type { ClientRequest } from '../core/asker.ts';
import type * as z from 'zod';
import type { OutputBudget } from '../core/budget.ts';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import {
  createMessage,
  elicit,
  elicitUrl,
  type Errand,
  type Form,
  type FormAnswer,
  listRoots,
  type Root,
  type Sample,
  type SamplingRequest,
} from '../core/questions.ts';
import type { Kept, KeptFile, Scratch } from '../core/scratch.ts';
import type { Logger } from '../core/telemetry.ts';
import type { ToolCall } from '../core/tool.ts';
import { childOf, type TraceContext } from '../core/trace-context.ts';
import { CallNews } from './call-news.ts';
import type { CallOrigin, LogLevel } from './call-origin.ts';
import { Deadline } from './deadline.ts';

/** What a call is given beside its origin. */
export interface CallSurroundings {
  readonly fetch: typeof globalThis.fetch;
  readonly scratch: Scratch;
}

interface CallParts extends CallSurroundings {
  readonly budget: OutputBudget;
  readonly timeoutMs: number;
  /** Called once if the call is cancelled or its time is over, whatever the tool does about it. */
  readonly onEnd: (error: AppError) => void;
}

/**
 * One call while it runs. Most calls end without anybody asking for the abort signal, so it is made when
 * first asked for.
 */
export class RunningCall implements ToolCall {
  readonly principal: Principal;
  readonly logger: Logger;
  readonly trace: TraceContext | undefined;
  readonly budget: OutputBudget;
  readonly fetch: typeof globalThis.fetch;
  readonly #scratch: Scratch;
  readonly #origin: CallOrigin;
  readonly #news: CallNews;
  readonly #onEnd: (error: AppError) => void;
  readonly #deadline: Deadline;
  readonly #forget: () => void;
  #controller: AbortController | undefined;
  #reason: AppError | undefined;
  #finished = false;

  constructor(origin: CallOrigin, { budget, timeoutMs, fetch, scratch, onEnd }: CallParts) {
    this.principal = origin.principal;
    this.logger = origin.logger;
    this.trace = origin.trace && childOf(origin.trace);
    this.budget = budget;
    this.fetch = fetch;
    this.#scratch = scratch;
    this.#origin = origin;
    this.#news = new CallNews(origin);
    this.#onEnd = onEnd;
    this.#deadline = new Deadline(timeoutMs, () => {
      this.#end(timedOut(timeoutMs));
    });
    this.#forget = origin.onCancel(() => {
      this.#end(new AppError('CANCELLED', 'The call was cancelled by its caller.'));
    });
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  progress(done: number, total?: number, message?: string): void {
    if (this.#isLive()) this.#news.progress(done, total, message);
  }

  log(level: LogLevel, data: unknown): void {
    if (this.#isLive()) this.#news.log(level, data);
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return this.#origin.asker.canAsk(method, mode);
  }

  async ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Readonly<Record<string, unknown>>> {
    this.#deadline.pause();
    try {
      return await this.#origin.asker.ask(requests);
    } finally {
      this.#deadline.resume();
    }
  }

  elicit<F extends z.ZodObject>(key: string, form: Form<F>): Promise<FormAnswer<z.output<F>>> {
    return elicit(this, key, form);
  }

  elicitUrl(key: string, errand: Errand): Promise<'accept' | 'decline' | 'cancel'> {
    return elicitUrl(this, key, errand);
  }

  createMessage(key: string, request: SamplingRequest): Promise<Sample> {
    return createMessage(this, key, request);
  }

  listRoots(key: string): Promise<readonly Root[]> {
    return listRoots(this, key);
  }

  keep(kept: Kept): Promise<KeptFile> {
    return this.#scratch.keep(this.principal, kept);
  }

  /** Whoever the call was made for may not do it any more. */
  revoke(): void {
    this.#end(revoked());
  }

  /** The work has ended: nothing will abort it any more. */
  finish(): void {
    this.#finished = true;
    this.#deadline.cancel();
    this.#news.end();
    this.#forget();
  }

  /** What a tool still says after its end would reach a stream that has its answer already. */
  #isLive(): boolean {
    return !this.#finished && this.#reason === undefined;
  }

  #end(reason: AppError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#news.end();
    this.#controller?.abort(reason);
    this.#onEnd(reason);
  }
}

/** Why such a call ends. */
export function revoked(): AppError {
  return new AppError('CANCELLED', 'The access that the call was made with was revoked.');
}

function timedOut(timeoutMs: number): AppError {
  return new AppError(
    'TIMEOUT',
    `The call did not end within its limit of ${timeoutMs / 1000} seconds and was stopped.`,
    {
      next: 'make a smaller call: a narrower path, a more selective pattern or fewer results',
    },
  );
}
