import { expect } from 'vitest';
import type { Notice } from './clients.ts';
import { begin, type Begun, type Cell, eventually, expectAnswer, takeForm } from './stage.ts';
import { uriOf } from './tools.ts';

const UPDATED = 'notifications/resources/updated';

/** Changes among what the client was told after a point. */
export function changesSince(notices: readonly Notice[], from: number): string[] {
  return notices
    .slice(from)
    .filter(({ method }) => method !== 'notifications/message')
    .map(({ method, params }) => (method === UPDATED ? `updated ${String(params?.['uri'])}` : method));
}

/** What changes while a call runs is told once, in order, and not on the stream of the call. */
export async function listChanged(cell: Cell): Promise<void> {
  const { endpoint, able } = cell.stage;
  const { changes } = endpoint.mcp;
  const following = await able.client.follow(uriOf(cell.key));
  const from = able.client.notices.length;
  const begun = await begin(cell);
  await takeForm(cell, begun);
  await changes.toolsChanged();
  await changes.promptsChanged();
  await changes.resourcesChanged();
  await eventually(() => {
    expect(changesSince(able.client.notices, from)).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
  });
  await following.stop();
  await endUntold(cell, begun);
}

/** A resource that is followed is told of when it changes, another is not, and it no longer once that is taken back. */
export async function resourceUpdate(cell: Cell): Promise<void> {
  const { endpoint, able } = cell.stage;
  const { changes } = endpoint.mcp;
  const [first, second, other] = ['first', 'second', 'other'].map((name) => uriOf(`${name} ${cell.key}`));
  if (first === undefined || second === undefined || other === undefined) throw new Error('No URIs');
  const from = able.client.notices.length;
  const begun = await begin(cell);
  await takeForm(cell, begun);
  const told = (...uris: string[]): Promise<void> =>
    eventually(() => {
      expect(changesSince(able.client.notices, from)).toEqual(uris.map((uri) => `updated ${uri}`));
    });
  const following = await able.client.follow(first);
  await changes.resourceUpdated(other);
  await changes.resourceUpdated(first);
  await told(first);
  await following.stop();
  const next = await able.client.follow(second);
  await changes.resourceUpdated(first);
  await changes.resourceUpdated(second);
  await told(first, second);
  await next.stop();
  await endUntold(cell, begun);
}

/** Ends the call, whose stream has told of no change. */
async function endUntold(cell: Cell, { answering, work }: Begun): Promise<void> {
  work.finish();
  expect(await answering).toMatchObject({ content: [{ text: 'done' }] });
  expectAnswer(cell, cell.stage.able, cell.form === 'SSE' ? ['notifications/message'] : []);
}
