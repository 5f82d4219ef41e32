import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../../src/core/content.ts';
import type { AppError } from '../../../src/core/errors.ts';
import { ScopeSet } from '../../../src/core/scopes.ts';
import { defineTool, type Tool, type ToolCall } from '../../../src/core/tool.ts';
import { ToolCaller } from '../../../src/mcp/call-tool.ts';
import { RunningCalls } from '../../../src/mcp/running-calls.ts';
import { Spill } from '../../../src/mcp/spill.ts';
import { Answered } from '../../../src/mcp/answered.ts';
import { Rounds } from '../../../src/mcp/rounds.ts';
import type { CallOrigin } from '../../../src/mcp/call-origin.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { principalOf } from '../../fixtures/principal.ts';

const concurrency = { global: 2, perPrincipal: 1, queuePerPrincipal: 1, queueWaitMs: 60_000 };

function setUp(limits: Partial<{ maxCallMs: number }> = {}) {
  const telemetry = recordTelemetry();
  const scratch = { keep: () => Promise.reject(new Error('There is no place to keep it')) };
  const options = { concurrency, maxCallMs: 60_000, outputTokens: 1000, fetch, scratch, ...limits };
  const calls = new RunningCalls(options);
  const meter = { begin: () => undefined };
  const caller = new ToolCaller({ telemetry, meter, calls, spill: new Spill(() => undefined) });
  const origin = (changes: Partial<CallOrigin> = {}): CallOrigin => ({
    principal: principalOf({ scopes: ScopeSet.of(['files:read']) }),
    requestId: 'req-7',
    logger: telemetry.logger,
    onCancel: () => () => undefined,
    asker: new Rounds({}, new Answered()),
    ...changes,
  });
  return { telemetry, caller, calls, origin };
}

function tool(
  run: (call: ToolCall) => Promise<{ content: readonly ReturnType<typeof text>[] }>,
  scopes: Tool['scopes'] = [],
): Tool {
  return defineTool({
    name: 'try_it',
    title: 'Try it',
    description: 'Does what the test says.',
    scopes,
    effect: 'read',
    input: z.object({ count: z.int().default(1).describe('How often.') }),
    run: (call) => run(call),
  });
}

const answers = (value: string) => Promise.resolve({ content: [text(value)] });

describe('calling a tool', () => {
  it('answers its result and records the call', async () => {
    const { caller, origin, telemetry } = setUp();
    const result = await caller.call(
      tool(() => answers('done')),
      {},
      origin(),
    );
    expect(result).toEqual({ content: [{ type: 'text', text: 'done' }] });
    expect(telemetry.toolCalls).toEqual(['try_it:ok']);
    expect(telemetry.audits).toMatchObject([{ action: 'tool.called', outcome: 'success', subject: 'alice' }]);
  });

  it('refuses a call whose scope is missing without running it', async () => {
    const { caller, origin, telemetry } = setUp();
    let ran = false;
    const writes = tool(() => {
      ran = true;
      return answers('written');
    }, ['files:write']);
    const result = await caller.call(writes, {}, origin());
    expect(result).toMatchObject({ isError: true, _meta: { code: 'SCOPE_REQUIRED' } });
    expect(ran).toBe(false);
    expect(telemetry.toolCalls).toEqual(['try_it:denied']);
  });

  it('tells the model what was wrong and what to do next', async () => {
    const { caller, origin } = setUp();
    const result = await caller.call(
      tool(() => answers('')),
      { cuont: 3 },
      origin(),
    );
    expect(result.content).toEqual([
      {
        type: 'text',
        text: 'INVALID_ARGUMENT: try_it: unknown parameter "cuont", did you mean "count"? Next: call try_it again with count (optional).',
      },
    ]);
    expect(result._meta).toMatchObject({ code: 'INVALID_ARGUMENT', retryable: false });
  });

  it('keeps the text of an unexpected failure inside and names the request instead', async () => {
    const { caller, origin, telemetry } = setUp();
    const result = await caller.call(
      tool(() => Promise.reject(new Error('connect ECONNREFUSED db.internal:5432'))),
      {},
      origin(),
    );
    expect(JSON.stringify(result)).not.toContain('db.internal');
    expect(JSON.stringify(result)).toContain('req-7');
    expect(telemetry.lines.some((line) => line.level === 'error')).toBe(true);
  });

  it('also holds when a tool throws before its first await', async () => {
    const { caller, calls, origin } = setUp();
    const throwing = tool(() => {
      throw new TypeError('inside');
    });
    expect(await caller.call(throwing, {}, origin())).toMatchObject({
      isError: true,
      _meta: { code: 'INTERNAL' },
    });
    expect(calls.count).toBe(0);
  });

  it('ends a call at its deadline with the work aborted, and frees the place when the work has ended', async () => {
    const { caller, calls, origin, telemetry } = setUp({ maxCallMs: 20 });
    let end: (() => void) | undefined;
    let seen: AbortSignal | undefined;
    const stubborn = tool((call) => {
      seen = call.signal;
      return new Promise((resolve) => {
        end = () => {
          resolve({ content: [] });
        };
      });
    });
    const result = await caller.call(stubborn, {}, origin());
    expect(result).toMatchObject({ isError: true, _meta: { code: 'TIMEOUT', retryable: true } });
    expect(seen?.aborted).toBe(true);
    expect(calls.count).toBe(1);
    end?.();
    await expect.poll(() => calls.count).toBe(0);
    expect(telemetry.toolCalls).toEqual(['try_it:timeout']);
  });

  it('aborts the work when the caller goes away', async () => {
    const { caller, origin } = setUp();
    let goAway: (() => void) | undefined;
    const waiting = tool(
      (call) =>
        new Promise((_, reject) => {
          call.signal.addEventListener('abort', () => {
            reject(call.signal.reason as AppError);
          });
          goAway?.();
        }),
    );
    const onCancel = (listener: () => void) => {
      goAway = listener;
      return () => undefined;
    };
    expect(await caller.call(waiting, {}, origin({ onCancel }))).toMatchObject({
      _meta: { code: 'CANCELLED' },
    });
  });

  it('answers BUSY beyond the queue of a principal', async () => {
    const { caller, origin } = setUp();
    const ends: (() => void)[] = [];
    const slow = tool(
      () =>
        new Promise((resolve) => {
          ends.push(() => {
            resolve({ content: [] });
          });
        }),
    );
    const running = caller.call(slow, {}, origin());
    const queued = caller.call(slow, {}, origin());
    expect(await caller.call(slow, {}, origin())).toMatchObject({ _meta: { code: 'BUSY', retry_after: 2 } });
    ends.shift()?.();
    await running;
    await expect.poll(() => ends.length).toBe(1);
    ends.shift()?.();
    expect(await queued).toEqual({ content: [] });
  });

  it('drops what a tool says after its end', async () => {
    const { caller, calls, origin } = setUp();
    const said: string[] = [];
    let late: ToolCall | undefined;
    const talkative = tool((call) => {
      late = call;
      call.log('info', 'during');
      return answers('');
    });
    await caller.call(talkative, {}, origin({ onLog: (_level, data) => said.push(String(data)) }));
    await expect.poll(() => calls.count).toBe(0);
    late?.log('info', 'after');
    expect(said).toEqual(['during']);
  });
});
