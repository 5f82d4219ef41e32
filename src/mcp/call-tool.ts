import { OutputBudget } from '../core/budget.ts';
import { AppError } from '../core/errors.ts';
import type { Telemetry, ToolOutcome } from '../core/telemetry.ts';
import type { Tool, ToolResult } from '../core/tool.ts';
import { requireUse } from './admission.ts';
import type { CallMeter } from './call-meter.ts';
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

/** A call that ends when the authority is revoked that it is made under. */
type Revocable = Pick<RunningCall, 'principal' | 'revoke'>;

/**
 * Runs tools: scopes and policy, a place to run, arguments, deadline, the work, then metric and audit entry. Knows
 * nothing of transports and protocol revisions.
 */
export class ToolCaller {
  readonly #options: ToolCallerOptions;
  readonly #telemetry: Telemetry;
  readonly #meter: Pick<CallMeter, 'begin'>;
  readonly #limiter: FairLimiter;
  /** Those that run or wait. */
  readonly #calls = new Set<Revocable>();

  constructor(options: ToolCallerOptions, telemetry: Telemetry, meter: Pick<CallMeter, 'begin'>) {
    this.#options = options;
    this.#telemetry = telemetry;
    this.#meter = meter;
    this.#limiter = new FairLimiter(options.concurrency);
  }

  /** Calls that run now. */
  get running(): number {
    return this.#limiter.running;
  }

  /** Cancels the calls that were made under an authority which was revoked. */
  cancelOf(authority: string): void {
    for (const call of this.#calls) if (call.principal.authority === authority) call.revoke();
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
    const { principal } = origin;
    const { subject, permit } = principal;
    // Transports answer a missing scope before the call, with a challenge; this holds where one forgets.
    requireUse(principal, tool);
    const counting = this.#meter.begin(principal);
    if (counting !== undefined) await counting;
    const release =
      this.#limiter.tryAcquire(subject, permit.limits.concurrentCalls) ?? (await this.#wait(subject, origin));
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
      const call = new RunningCall(origin, this.#budgetOf(origin), timeoutMs, reject);
      this.#calls.add(call);
      // A tool may throw before its first await.
      new Promise<ToolResult>((done) => {
        done(work(call));
      })
        .then(resolve, reject)
        .finally(() => {
          call.finish();
          this.#calls.delete(call);
          release();
        });
    });
  }

  async #wait(subject: string, origin: CallOrigin): Promise<Release> {
    const controller = new AbortController();
    const forget = origin.onCancel(() => {
      controller.abort(new AppError('CANCELLED', 'The call was cancelled while it waited for a place.'));
    });
    const waiting: Revocable = {
      principal: origin.principal,
      revoke: () => {
        controller.abort(new AppError('CANCELLED', 'The access that the call was made with was revoked.'));
      },
    };
    this.#calls.add(waiting);
    try {
      const { concurrentCalls } = origin.principal.permit.limits;
      return await this.#limiter.acquire(subject, controller.signal, concurrentCalls);
    } finally {
      this.#calls.delete(waiting);
      forget();
    }
  }

  #budgetOf({ principal }: CallOrigin): OutputBudget {
    const { outputTokens } = this.#options;
    return new OutputBudget(Math.min(outputTokens, principal.permit.limits.outputTokens ?? outputTokens));
  }

  #record(tool: Tool, origin: CallOrigin, outcome: ToolOutcome, started: number): void {
    const seconds = (performance.now() - started) / 1000;
    this.#telemetry.metrics.toolCall(tool.name, outcome, seconds);
    const { subject, clientId, permit } = origin.principal;
    this.#telemetry.audit({
      action: 'tool.called',
      outcome: outcome === 'ok' ? 'success' : outcome === 'denied' ? 'denied' : 'failure',
      subject,
      clientId,
      details: {
        ...{ tool: tool.name, result: outcome, request: origin.requestId },
        ...(permit.rule === undefined ? {} : { rule: permit.rule }),
      },
    });
  }
}

const OUTCOMES: Partial<Record<string, ToolOutcome>> = {
  SCOPE_REQUIRED: 'denied',
  FORBIDDEN: 'denied',
  TIMEOUT: 'timeout',
  CANCELLED: 'cancelled',
  BUSY: 'busy',
  RATE_LIMITED: 'busy',
};

function outcomeOf(error: unknown): ToolOutcome {
  return (error instanceof AppError ? OUTCOMES[error.code] : undefined) ?? 'error';
}
