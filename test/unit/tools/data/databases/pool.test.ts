import { expect, test } from 'vitest';
import { within } from '../../../../../src/tools/data/databases/patience.ts';
import { ConnectionPool } from '../../../../../src/tools/data/databases/pool.ts';

interface Fake {
  isUsable: boolean;
  /** What `begin` waits for. */
  begun: Promise<void>;
  destroy(): void;
}

function fake(begun: Promise<void> = Promise.resolve()): Fake {
  const one: Fake = {
    begun,
    isUsable: true,
    destroy: () => {
      one.isUsable = false;
    },
  };
  return one;
}

/** A connection that comes when it is told to. */
function later(): { readonly promise: Promise<Fake>; readonly resolve: (one: Fake) => void } {
  let resolve: (one: Fake) => void = () => undefined;
  const promise = new Promise<Fake>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const begin = ({ begun }: Fake): Promise<void> => begun;
const ada = { subject: 'ada', signal: new AbortController().signal };

/** A pool of these connections, opened in this order. */
function poolOf(size: number, coming: (Fake | Promise<Fake>)[]) {
  let opened = 0;
  const pool = new ConnectionPool<Fake>({
    size,
    open: () => Promise.resolve(coming[opened++] ?? Promise.reject(new Error('No further one'))),
    clean: () => Promise.resolve(),
  });
  return { pool, opened: () => opened };
}

test('who has gone does not wait for a connection, and the next one gets it', async () => {
  const late = later();
  const { pool, opened } = poolOf(1, [late.promise]);
  const controller = new AbortController();
  const gone = pool.acquire({ subject: 'ada', signal: controller.signal }, begin);
  controller.abort(new Error('gone'));
  await expect(gone).rejects.toThrow('gone');
  const next = pool.acquire(ada, begin);
  const one = fake();
  late.resolve(one);
  expect((await next).connection).toBe(one);
  expect(opened()).toBe(1);
  pool.close();
});

test('a connection that fails to open gives its place back', async () => {
  const one = fake();
  const { pool } = poolOf(1, [Promise.reject(new Error('refused')), one]);
  await expect(pool.acquire(ada, begin)).rejects.toThrow('refused');
  expect((await pool.acquire(ada, begin)).connection).toBe(one);
  pool.close();
});

test('with one lost connection all that wait unused are given up', async () => {
  const [first, second, third] = [fake(), fake(), fake()];
  const { pool } = poolOf(2, [first, second, third]);
  const both = await Promise.all([pool.acquire(ada, begin), pool.acquire({ ...ada, subject: 'bob' }, begin)]);
  for (const { release } of both) await release();
  first.begun = Promise.reject(new Error('lost'));
  expect((await pool.acquire(ada, begin)).connection).toBe(third);
  expect([first.isUsable, second.isUsable]).toEqual([false, false]);
  pool.close();
});

test('closing ends what is used, what waits and what is still to come', async () => {
  const late = later();
  const [used, coming] = [fake(), fake()];
  const { pool } = poolOf(2, [used, late.promise]);
  await pool.acquire(ada, begin);
  const waiting = pool.acquire({ ...ada, subject: 'bob' }, begin);
  pool.close();
  late.resolve(coming);
  await expect(waiting).rejects.toThrow('closed');
  expect([used.isUsable, coming.isUsable]).toEqual([false, false]);
});

test('patience ends what does not answer', async () => {
  let isEnded = false;
  const never = within(1, new Promise(() => undefined), () => {
    isEnded = true;
  });
  await expect(never).rejects.toThrow('No answer for 1 ms');
  expect(isEnded).toBe(true);
});

test('one person never has all connections: what another asks for begins at once', async () => {
  const connections = [fake(), fake(), fake()];
  const { pool } = poolOf(2, connections);
  const first = await pool.acquire(ada, begin);
  let hasSecond = false;
  const second = pool.acquire(ada, begin).finally(() => {
    hasSecond = true;
  });
  const bobs = await pool.acquire({ ...ada, subject: 'bob' }, begin);
  expect(bobs.connection).toBe(connections[1]);
  expect(hasSecond).toBe(false);
  await first.release();
  expect((await second).connection).toBe(connections[0]);
  pool.close();
});
