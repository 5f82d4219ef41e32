import { AppError } from '../core/errors.ts';
import type { Telemetry, ToolOutcome } from '../core/telemetry.ts';
import type { Tool, ToolResult } from '../core/tool.ts';
import { requireUse } from './admission.ts';
import type { CallMeter } from './call-meter.ts';
import { type CallResult, renderError, renderResult } from './call-result.ts';
import { InputNeeded } from './rounds.ts';
import type { CallOrigin } from './call-origin.ts';
import type { RunningCalls } from './running-calls.ts';
import type { Spill } from './spill.ts';

export interface ToolCallerParts {
  readonly telemetry: Telemetry;
  readonly meter: Pick<CallMeter, 'begin'>;
  readonly calls: RunningCalls;
  readonly spill: Spill;
}

/**
 * Runs tools: scopes and policy, a place to run, deadline, arguments, the work, then metric and audit entry. Knows
 * nothing of transports and protocol revisions.
 */
export class ToolCaller {
  readonly #telemetry: Telemetry;
  readonly #meter: Pick<CallMeter, 'begin'>;
  readonly #calls: RunningCalls;
  readonly #spill: Spill;

  constructor({ telemetry, meter, calls, spill }: ToolCallerParts) {
    this.#telemetry = telemetry;
    this.#meter = meter;
    this.#calls = calls;
    this.#spill = spill;
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
    // Transports answer a missing scope before the call, with a challenge; this holds where one forgets.
    requireUse(origin.principal, tool);
    const counting = this.#meter.begin(origin.principal);
    if (counting !== undefined) await counting;
    return this.#calls.run(origin, tool.timeoutMs, async (call) =>
      this.#spill.fit(tool.name, await tool.bind(rawArguments)(call), call),
    );
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
