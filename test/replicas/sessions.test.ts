import { access, mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EventStream } from '../fixtures/event-stream.ts';
import { modernClient, openRawSession, type RawAnswer, type RawSession } from '../fixtures/raw-mcp.ts';
import { deploy, type Deployment } from './deployment.ts';
import { SHARED_STORES } from './shared-stores.ts';

let deployment: Deployment;

describe.each(SHARED_STORES)('processes that share %s', (_name, openStore) => {
  let folder: string;

  beforeAll(async () => {
    deployment = await deploy(3, await openStore());
    await writeFile(path.join(deployment.folder, 'watched.txt'), 'as it was');
  });
  afterAll(() => deployment.stop());

  const url = (index: number): string => deployment.urls[index % deployment.urls.length] ?? '';
  const newFolder = async (): Promise<string> => {
    folder = await mkdtemp(path.join(deployment.folder, 'steps-'));
    return folder;
  };
  const step = (number: number): Promise<void> => writeFile(path.join(folder, String(number)), '');

  const followSteps = async (session: RawSession, steps: number): Promise<[EventStream, RawAnswer]> => {
    const params = { name: 'follow_steps', arguments: { folder: await newFolder(), steps } };
    const answer = await session.request('tools/call', { ...params, _meta: { progressToken: 'p' } });
    if (answer.stream === undefined) throw new Error(`No stream: ${answer.text}`);
    return [answer.stream, answer];
  };

  it('serve one session in turns, with what the client has set', async () => {
    const session = await openRawSession(url(0));
    await session.at(url(1)).result('logging/setLevel', { level: 'error' });
    const processes = new Set<string>();
    for (const index of [2, 1, 0, 2]) {
      const answer = await session.at(url(index)).request('tools/call', { name: 'say_level', arguments: {} });
      const { result } = await answer.response();
      expect(answer.stream?.messages.map(({ params }) => params?.['data']).filter(Boolean)).toEqual(['high']);
      processes.add(JSON.stringify(result?.['content']));
    }
    expect(processes.size).toBe(3);
  });

  it('resume a stream that was cut, on any of them, with every event once and in order', async () => {
    const session = await openRawSession(url(0));
    const [first] = await followSteps(session, 6);
    const seen: unknown[] = [];
    const collect = (stream: EventStream): void => {
      seen.push(...stream.messages.map(({ params, result }) => params?.['progress'] ?? result?.['content']));
    };
    await step(1);
    await step(2);
    await first.message(({ params }) => params?.['progress'] === 2);
    first.close();
    collect(first);
    await step(3);
    let lastEventId = first.lastEventId ?? '';
    for (const index of [1, 2]) {
      const stream = await session.at(url(index)).resume(lastEventId);
      await step(2 + index * 2 - 1);
      await step(2 + index * 2);
      await stream.message(({ params }) => params?.['progress'] === 2 + index * 2);
      if (index === 2) await stream.end();
      stream.close();
      collect(stream);
      lastEventId = stream.lastEventId ?? '';
    }
    expect(seen).toEqual([
      1,
      2,
      3,
      4,
      5,
      6,
      [{ type: 'text', text: expect.stringContaining('6 steps') as string }],
    ]);
  });

  it('give a finished stream again from any event on', async () => {
    const session = await openRawSession(url(0));
    const [stream] = await followSteps(session, 2);
    await step(1);
    await step(2);
    const events = await stream.end();
    const again = await session.at(url(1)).resume(events[0]?.id ?? '');
    const [, ...rest] = events;
    expect(await again.end()).toEqual(rest);
  });

  it('take over a stream whose old connection still seems open', async () => {
    const session = await openRawSession(url(0));
    const [first] = await followSteps(session, 2);
    await step(1);
    await first.message(({ params }) => params?.['progress'] === 1);
    const second = await session.at(url(1)).resume(first.lastEventId ?? '');
    await first.end();
    await step(2);
    await second.end();
    expect([...first.messages, ...second.messages].map(({ params }) => params?.['progress'])).toEqual([
      1,
      2,
      undefined,
    ]);
  });

  it('hand the answer to a question to the process that has asked', async () => {
    const session = await openRawSession(url(0), { capabilities: { elicitation: {} } });
    const { stream } = await session.request('tools/call', { name: 'ask_name', arguments: {} });
    const question = await stream?.of('elicitation/create');
    const answered = await session
      .at(url(2))
      .answer(question?.id ?? '', { action: 'accept', content: { name: 'Ann' } });
    expect(answered.status).toBe(202);
    const events = await stream?.end();
    expect(events?.at(-1)?.message?.result).toEqual({ content: [{ type: 'text', text: 'Ann' }] });
  });

  it('cancel a call that runs in another', async () => {
    const session = await openRawSession(url(0));
    const [stream, { id }] = (await followSteps(session, 1)) as [EventStream, RawAnswer & { id: number }];
    await session.at(url(1)).notify('notifications/cancelled', { requestId: id });
    expect((await stream.end()).filter(({ message }) => message?.id === id)).toEqual([]);
    await expect
      .poll(() =>
        access(path.join(folder, 'cancelled')).then(
          () => 'there',
          () => 'not yet',
        ),
      )
      .toBe('there');
  });

  it('tell a client of changes that another process has made, also of those that it has missed', async () => {
    const session = await openRawSession(url(0));
    const uri = 'fairlead://workspace/watched.txt';
    const before = await session.at(url(2)).listen();
    await session.at(url(1)).result('resources/subscribe', { uri });
    const touch = (index: number): Promise<unknown> =>
      session.at(url(index)).result('tools/call', { name: 'touch_resource', arguments: { uri } });
    await expect
      .poll(async () => {
        await touch(1);
        return before.messages.length;
      })
      .toBeGreaterThan(0);
    before.close();
    await touch(0);
    const after = await session.at(url(1)).listen({ 'last-event-id': before.lastEventId ?? '' });
    expect(await after.of('notifications/resources/updated')).toMatchObject({ params: { uri } });
    await session.at(url(0)).result('resources/unsubscribe', { uri });
    after.close();
  });

  it('take the rounds of a question in revision 2026-07-28 in turns', async () => {
    const capabilities = { elicitation: {} };
    const ask = async (index: number, round: object): Promise<Readonly<Record<string, unknown>>> => {
      const client = modernClient(url(index), { capabilities });
      const answer = await client.request('tools/call', { name: 'ask_name', arguments: {}, ...round });
      return (await answer.response()).result ?? {};
    };
    const { resultType, requestState } = await ask(0, {});
    expect(resultType).toBe('input_required');
    const inputResponses = { name: { action: 'accept', content: { name: 'Ann' } } };
    expect(await ask(1, { requestState, inputResponses })).toMatchObject({
      resultType: 'complete',
      content: [{ type: 'text', text: 'Ann' }],
    });
  });

  it('tell a subscriber of revision 2026-07-28 of changes that another process has made', async () => {
    const uri = 'fairlead://workspace/watched.txt';
    const notifications = { resourceSubscriptions: [uri] };
    const { stream } = await modernClient(url(0)).request('subscriptions/listen', { notifications });
    await stream?.of('notifications/subscriptions/acknowledged');
    await modernClient(url(1)).request('tools/call', { name: 'touch_resource', arguments: { uri } });
    expect(await stream?.of('notifications/resources/updated')).toMatchObject({ params: { uri } });
    stream?.close();
  });

  it('know a session that was ended nowhere, and end its streams and calls', async () => {
    const session = await openRawSession(url(0));
    const standing = await session.at(url(1)).listen();
    const [call] = await followSteps(session.at(url(2)), 1);
    expect((await session.end()).status).toBe(204);
    await standing.end();
    await call.end();
    for (const index of [0, 1, 2]) {
      expect((await session.at(url(index)).request('ping')).status).toBe(404);
      expect((await session.at(url(index)).get()).status).toBe(404);
    }
  });

  it('go on with a session after each of them was killed', async () => {
    let session = await openRawSession(url(0));
    const names = (await session.result('tools/list'))['tools'];
    for (const index of [0, 1, 2]) {
      const next = await deployment.restart(index);
      session = session.at(next);
      expect((await session.result('tools/list'))['tools']).toEqual(names);
    }
  });
});
