import type { Asker, ClientRequest } from '../core/asker.ts';
import type { OutputBudget } from '../core/budget.ts';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { Logger } from '../core/telemetry.ts';
import type { ToolCall } from '../core/tool.ts';

export type LogLevel = Parameters<ToolCall['log']>[0];

/** Where a call came from, and how it is told of what happens meanwhile. */
export interface CallOrigin {
  readonly principal: Principal;
  /** Of the request, for matching an `INTERNAL` error with the log. */
  readonly requestId: string;
  readonly logger: Logger;
  readonly onProgress?: (done: number, total?: number, message?: string) => void;
  readonly onLog?: (level: LogLevel, data: unknown) => void;
  readonly asker: Asker;
  /** Registers what is to happen when the caller goes away or cancels; answers how to take it back. */
  onCancel(listener: () => void): () => void;
}

/**
 * One call while it runs. Most calls end without anybody asking for the abort signal, so it is made when
 * first asked for.
 */
export class RunningCall implements ToolCall {
  readonly principal: Principal;
  readonly logger: Logger;
  readonly budget: OutputBudget;
  readonly #origin: CallOrigin;
  readonly #onEnd: (error: AppError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;
  #controller: AbortController | undefined;
  #reason: AppError | undefined;
  #finished = false;

  /** `onEnd` is called once if the call is cancelled or its time is over, whatever the tool does about it. */
  constructor(origin: CallOrigin, budget: OutputBudget, timeoutMs: number, onEnd: (error: AppError) => void) {
    this.principal = origin.principal;
    this.logger = origin.logger;
    this.budget = budget;
    this.#origin = origin;
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => {
      this.#end(timedOut(timeoutMs));
    }, timeoutMs);
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
    if (this.#isLive()) this.#origin.onProgress?.(done, total, message);
  }

  log(level: LogLevel, data: unknown): void {
    if (this.#isLive()) this.#origin.onLog?.(level, data);
  }

  canAsk(method: ClientRequest['method']): boolean {
    return this.#origin.asker.canAsk(method);
  }

  ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Readonly<Record<string, unknown>>> {
    return this.#origin.asker.ask(requests);
  }

  /** The work has ended: nothing will abort it any more. */
  finish(): void {
    this.#finished = true;
    clearTimeout(this.#timer);
    this.#forget();
  }

  /** What a tool still says after its end would reach a stream that has its answer already. */
  #isLive(): boolean {
    return !this.#finished && this.#reason === undefined;
  }

  #end(reason: AppError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#onEnd(reason);
  }
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
