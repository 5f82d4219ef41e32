import { afterAll, describe, expect, it } from 'vitest';
import type { ClientRequest } from '../../../src/core/asker.ts';
import { Answered } from '../../../src/mcp/answered.ts';
import { openRequestState, type StateBinding } from '../../../src/mcp/request-state.ts';
import { openStore } from '../../../src/store/index.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { openTestSealer } from '../../fixtures/test-sealer.ts';

const sealer = await openTestSealer();
const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
afterAll(async () => {
  await store.close();
  await sealer.close();
});

const states = openRequestState(sealer, store);
const binding: StateBinding = {
  subject: 'alice',
  clientId: 'editor',
  method: 'tools/call',
  target: 'delete_file',
  arguments: { path: 'a', options: { force: true, depth: 1 } },
};
const ask = (message: string, id = 'e1'): ClientRequest => ({
  method: 'elicitation/create',
  params: { message, elicitationId: id },
});
const questions = { sure: ask('Sure?') };
const yes = { action: 'accept' };

const minted = (bound = binding) => states.mint(questions, new Answered(), bound);
const read = (
  state: string | undefined,
  bound = binding,
  responses: Record<string, unknown> = { sure: yes },
) => states.read({ state, responses }, bound, 'once');

describe('a state', () => {
  it('comes back for the call that it was made for', async () => {
    expect(await (await read(await minted())).to(questions)).toEqual({ sure: yes });
    const reordered = { ...binding, arguments: { options: { depth: 1, force: true }, path: 'a' } };
    expect(await (await read(await minted(), reordered)).to(questions)).toEqual({ sure: yes });
  });

  it('takes no arguments for the same as empty ones', async () => {
    const state = await minted({ ...binding, arguments: undefined });
    expect(await (await read(state, { ...binding, arguments: {} })).to(questions)).toEqual({ sure: yes });
  });

  it.each<Partial<StateBinding>>([
    { subject: 'mallory' },
    { clientId: 'other' },
    { method: 'prompts/get' },
    { target: 'delete_other' },
    { arguments: { path: 'b', options: { force: true, depth: 1 } } },
    { arguments: { path: 'a', options: { force: true, depth: 2 } } },
    { arguments: { path: 'a' } },
    // Nothing moves from one part of the binding into the next.
    { subject: 'alice","editor', clientId: '' },
  ])('is refused for a call with %j', async (changes) => {
    await expect(read(await minted(), { ...binding, ...changes })).rejects.toMatchObject({
      code: -32602,
      data: { reason: 'invalid_request_state' },
    });
  });
});

describe('an answer', () => {
  it('counts for the question that was asked, and for no other under its key', async () => {
    const state = await minted();
    expect(await (await read(state)).to({ sure: ask('Sure to delete b?') })).toEqual({});
    expect(await (await read(state)).to({ sure: ask('Sure?', 'e2') })).toEqual({ sure: yes });
  });

  it('counts once, of however many that come with the same state', async () => {
    const state = await minted();
    const all = await Promise.all(Array.from({ length: 5 }, async () => (await read(state)).to(questions)));
    expect(all.filter((answers) => 'sure' in answers)).toHaveLength(1);
  });

  it('is the same for all that a call asks', async () => {
    const answered = await read(await minted());
    await answered.to(questions);
    expect(await answered.to(questions)).toEqual({ sure: yes });
  });

  it('of an earlier round is not replaced by a later one', async () => {
    const answered = await read(await minted());
    await answered.to(questions);
    const next = await states.mint({ more: ask('More?') }, answered, binding);
    const later = await read(next, binding, { sure: { action: 'decline' }, more: yes });
    expect(await later.to({ ...questions, more: ask('More?') })).toEqual({ sure: yes, more: yes });
  });

  it('that has counted is not carried into the next round', async () => {
    const state = await minted();
    await (await read(state)).to(questions);
    const again = await read(state);
    await again.to(questions);
    const next = await states.mint({ more: ask('More?') }, again, binding);
    expect(await (await read(next, binding, {})).to(questions)).toEqual({});
  });

  it('to nothing that was asked counts only where nothing can change', async () => {
    expect(await (await read(undefined)).to(questions)).toEqual({});
    const free = await states.read({ state: undefined, responses: { sure: yes } }, binding, 'freely');
    expect(await free.to(questions)).toEqual({ sure: yes });
  });

  it('does not count where it cannot be known whether it has', async () => {
    const down = openRequestState(sealer, { swap: () => Promise.reject(new Error('no store')) });
    const answered = await down.read({ state: await minted(), responses: { sure: yes } }, binding, 'once');
    await expect(answered.to(questions)).rejects.toThrow('no store');
  });
});
