import { afterAll, expect, it } from 'vitest';
import { openRequestState, type StateBinding } from '../../../src/mcp/request-state.ts';
import { openTestSealer } from '../../fixtures/test-sealer.ts';

const sealer = await openTestSealer();
afterAll(() => sealer.close());

const states = openRequestState(sealer);
const binding: StateBinding = {
  subject: 'alice',
  clientId: 'editor',
  method: 'tools/call',
  target: 'delete_file',
  arguments: { path: 'a', options: { force: true, depth: 1 } },
};
const state = { answers: { sure: { action: 'accept' } } };

it('a state comes back for the call that it was made for', async () => {
  const minted = await states.mint(state, binding);
  expect(await states.verify(minted, binding)).toEqual(state);
  const reordered = { options: { depth: 1, force: true }, path: 'a' };
  expect(await states.verify(minted, { ...binding, arguments: reordered })).toEqual(state);
});

it('no arguments are the same as empty ones', async () => {
  const minted = await states.mint(state, { ...binding, arguments: undefined });
  expect(await states.verify(minted, { ...binding, arguments: {} })).toEqual(state);
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
])('a state is refused for a call with %j', async (changes) => {
  const minted = await states.mint(state, binding);
  await expect(states.verify(minted, { ...binding, ...changes })).rejects.toMatchObject({
    code: -32602,
    data: { reason: 'invalid_request_state' },
  });
});
