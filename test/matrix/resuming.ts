import { expect } from 'vitest';
import { changesSince } from './changes.ts';
import {
  begin,
  type Begun,
  type Cell,
  eventually,
  hasOneStream,
  hasSession,
  methodsIn,
  notificationsFlow,
  openStation,
  passageOf,
  responsesTo,
  takeForm,
} from './stage.ts';
import { uriOf } from './tools.ts';

/**
 * A stream of a session that is cut goes on where it was. What has no event ids cannot: a plain answer, and
 * any call of the newest and the oldest revision. Its work ends with the connection.
 */
export async function resume(cell: Cell): Promise<void> {
  const { row } = cell.stage;
  if (!hasSession(row)) await isLost(cell);
  else if (hasOneStream(row)) await isLostWithItsSession(cell);
  else if (cell.form === 'JSON') await isLostBeforeItsAnswer(cell);
  else await goesOn(cell);
}

/** Cut twice: in the midst of the work, and with its end on the way. */
async function goesOn(cell: Cell): Promise<void> {
  const { endpoint, able } = cell.stage;
  const { client, proxy } = able;
  const { changes } = endpoint.mcp;
  const from = client.notices.length;
  const steps: number[] = [];
  const { answering, work } = await begin(cell, { onprogress: ({ progress }) => steps.push(progress) });
  const tell = (...done: number[]): void => {
    for (const step of done) work.call.progress(step, 9);
  };
  const hasSeen = (last: number, ...lists: string[]): Promise<void> =>
    eventually(() => {
      expect(steps).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      expect(changesSince(client.notices, from)).toEqual(
        lists.map((list) => `notifications/${list}/list_changed`),
      );
    });
  tell(1, 2, 3);
  await changes.toolsChanged();
  await hasSeen(3, 'tools');
  proxy.swallow();
  tell(4, 5);
  await changes.promptsChanged();
  const call = passageOf(cell, able);
  await eventually(() => {
    expect(methodsIn(call)).toHaveLength(5);
  });
  proxy.cut();
  tell(6, 7);
  await changes.resourcesChanged();
  await hasSeen(3, 'tools');
  proxy.mend();
  await hasSeen(7, 'tools', 'prompts', 'resources');
  proxy.swallow();
  tell(8, 9);
  work.finish('in the end');
  await eventually(() => {
    expect(responsesTo(call, able)).toHaveLength(1);
  });
  proxy.cut();
  await hasSeen(7, 'tools', 'prompts', 'resources');
  proxy.mend();
  expect(await answering).toMatchObject({ content: [{ text: 'in the end' }] });
  await hasSeen(9, 'tools', 'prompts', 'resources');
  await notificationsFlow(able);
}

async function isLostBeforeItsAnswer(cell: Cell): Promise<void> {
  const { able } = cell.stage;
  const begun = await begin(cell);
  await isCutOff(cell, begun);
  await expect(begun.answering).rejects.toThrow('fetch failed');
  await notificationsFlow(able);
}

async function isLost(cell: Cell): Promise<void> {
  const { client, proxy } = cell.stage.able;
  const subscription = await client.follow(uriOf(cell.key));
  const givingUp = new AbortController();
  const options = cell.form === 'SSE' ? { onprogress: () => undefined } : {};
  const begun = await begin(cell, { ...options, signal: givingUp.signal });
  if (cell.form === 'SSE') {
    begun.work.call.progress(1);
    await eventually(() => {
      expect(methodsIn(passageOf(cell, cell.stage.able))).toEqual(['notifications/progress']);
    });
  }
  const errors = client.errors.length;
  await isCutOff(cell, begun);
  await eventually(() => {
    expect(client.errors.slice(errors).map(({ message }) => message)).toContainEqual(
      expect.stringMatching(cell.form === 'SSE' ? 'SSE stream disconnected' : 'fetch failed'),
    );
  });
  // The SDK tells of the loss, and leaves a call whose stream had begun to its time limit.
  givingUp.abort('connection lost');
  await expect(begun.answering).rejects.toThrow(cell.form === 'SSE' ? 'connection lost' : 'fetch failed');
  expect(await subscription.ended).toBe('remote');
  expect(proxy.passages.filter(({ method }) => method === 'GET')).toEqual([]);
}

/** In the oldest revision the stream is the session: its client begins anew. */
async function isLostWithItsSession(cell: Cell): Promise<void> {
  const { row, endpoint } = cell.stage;
  const able = await openStation(row, endpoint);
  const own = { ...cell, stage: { ...cell.stage, able } };
  const begun = await begin(own);
  await takeForm(own, begun);
  await eventually(() => {
    expect(passageOf(own, able)).toMatchObject({ status: 202, isOpen: false });
  });
  await isCutOff(own, begun);
  await eventually(() => {
    expect(able.client.errors).not.toEqual([]);
  });
  await able.client.close();
  await expect(begun.answering).rejects.toThrow('Connection closed');
  const address = new URL(passageOf(own, able).url, endpoint.url);
  const ping = { method: 'POST', headers: { 'content-type': 'application/json' }, body: PING };
  expect((await fetch(address, ping)).status).toBe(404);
  const anew = row.create({});
  await anew.connect(new URL(row.path, able.proxy.origin));
  expect(anew.revision()).toBe(row.revision);
  await anew.close();
  await able.proxy.close();
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

/** The work ends with the connection; the network is whole again afterwards. */
async function isCutOff(cell: Cell, { work }: Begun): Promise<void> {
  const { proxy } = cell.stage.able;
  const passage = passageOf(cell, cell.stage.able);
  proxy.cut();
  await work.aborted;
  proxy.mend();
  expect(responsesTo(passage, cell.stage.able)).toEqual([]);
}
