import { OutputBudget } from '../core/budget.ts';
import { AppError } from '../core/errors.ts';
import type { Scope, ScopeSet } from '../core/scopes.ts';
import type { Telemetry, ToolOutcome } from '../core/telemetry.ts';
import type { Tool, ToolResult } from '../core/tool.ts';
import { type CallResult, renderError, renderResult } from './call-result.ts';
import { type ConcurrencyLimits, FairLimiter, type Release } from './concurrency.ts';
import { InputNeeded } from './rounds.ts';
import type { CallOrigin } from './call-origin.ts';
import { RunningCall } from './running-call.ts';

export interface ToolCallerOptions {
  readonly concurrency: ConcurrencyLimits;
  readonly maxCallMs: number;
  /** Estimated tokens that one result may hold. */
  readonly outputTokens: number;
}

/**
 * Runs tools: scope, a place to run, arguments, deadline, the work, then metric and audit entry. Knows
 * nothing of transports and protocol revisions.
 */
export class ToolCaller {
  readonly #options: ToolCallerOptions;
  readonly #telemetry: Telemetry;
  readonly #limiter: FairLimiter;

  constructor(options: ToolCallerOptions, telemetry: Telemetry) {
    this.#options = options;
    this.#telemetry = telemetry;
    this.#limiter = new FairLimiter(options.concurrency);
  }

  /** Calls that run now. */
  get running(): number {
    return this.#limiter.running;
  }

  /**
   * A failure is a result with `isError`.
   *
   * @throws InputNeeded when the client has to answer before the call can go on
   */
  async call(tool: Tool, rawArguments: unknown, origin: CallOrigin): Promise<CallResult> {
    const started = performance.now();
    try {
      const result = renderResult(await this.#run(tool, rawArguments, origin));
      this.#record(tool, origin, 'ok', started);
      return result;
    } catch (error) {
      // Recorded by the run that goes to the end.
      if (error instanceof InputNeeded) throw error;
      return this.refuse(tool, origin, error, started);
    }
  }

  /** Records a call that has failed, or could not even begin, and renders why. */
  refuse(tool: Tool, origin: CallOrigin, error: unknown, started = performance.now()): CallResult {
    if (!(error instanceof AppError)) origin.logger.error({ err: error, tool: tool.name }, 'tool failed');
    this.#record(tool, origin, outcomeOf(error), started);
    return renderError(error, origin.requestId);
  }

  async #run(tool: Tool, rawArguments: unknown, origin: CallOrigin): Promise<ToolResult> {
    const { scopes, subject } = origin.principal;
    // Transports answer a missing scope before the call, with a challenge; this holds where one forgets.
    if (!scopes.hasAll(tool.scopes)) throw scopeRequired(tool, scopes);
    const release = this.#limiter.tryAcquire(subject) ?? (await this.#wait(subject, origin));
    let work: ((call: RunningCall) => Promise<ToolResult>) | undefined;
    try {
      work = tool.bind(rawArguments);
    } finally {
      if (work === undefined) release();
    }
    return this.#perform(tool, work, origin, release);
  }

  /** The answer comes at the deadline even if the work does not heed it; its place is free once it really ended. */
  #perform(
    tool: Tool,
    work: (call: RunningCall) => Promise<ToolResult>,
    origin: CallOrigin,
    release: Release,
  ): Promise<ToolResult> {
    return new Promise((resolve, reject) => {
      const timeoutMs = Math.min(tool.timeoutMs, this.#options.maxCallMs);
      const call = new RunningCall(origin, new OutputBudget(this.#options.outputTokens), timeoutMs, reject);
      // A tool may throw before its first await.
      new Promise<ToolResult>((done) => {
        done(work(call));
      })
        .then(resolve, reject)
        .finally(() => {
          call.finish();
          release();
        });
    });
  }

  async #wait(subject: string, origin: CallOrigin): Promise<Release> {
    const controller = new AbortController();
    const forget = origin.onCancel(() => {
      controller.abort(new AppError('CANCELLED', 'The call was cancelled while it waited for a place.'));
    });
    try {
      return await this.#limiter.acquire(subject, controller.signal);
    } finally {
      forget();
    }
  }

  #record(tool: Tool, origin: CallOrigin, outcome: ToolOutcome, started: number): void {
    const seconds = (performance.now() - started) / 1000;
    this.#telemetry.metrics.toolCall(tool.name, outcome, seconds);
    this.#telemetry.audit({
      action: 'tool.called',
      outcome: outcome === 'ok' ? 'success' : outcome === 'denied' ? 'denied' : 'failure',
      subject: origin.principal.subject,
      clientId: origin.principal.clientId,
      details: { tool: tool.name, result: outcome, request: origin.requestId },
    });
  }
}

/**
 * What a call lacks, as the challenge of RFC 6750 §3.1 names it: everything that the call needs, and what the
 * caller holds already, or a client that asks for exactly this would lose it by stepping up.
 */
export function scopeRequired(needing: { readonly scopes: readonly Scope[] }, held: ScopeSet): AppError {
  const scopes = [...new Set([...held.granted, ...needing.scopes])];
  return new AppError('SCOPE_REQUIRED', `This call needs the scope ${needing.scopes.join(' ')}.`, {
    scopes,
    next: `authorize again with the scope ${scopes.join(' ')}`,
  });
}

const OUTCOMES: Partial<Record<string, ToolOutcome>> = {
  SCOPE_REQUIRED: 'denied',
  TIMEOUT: 'timeout',
  CANCELLED: 'cancelled',
  BUSY: 'busy',
};

function outcomeOf(error: unknown): ToolOutcome {
  return (error instanceof AppError ? OUTCOMES[error.code] : undefined) ?? 'error';
}
