import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect, promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { ask, connectionsTo, PATIENCE, RedisBench, untilBack } from './store/redis-bench.ts';

const bounds = { lifetime: 60, maxLength: 10 };
const bench = new RedisBench();

describe('connections', () => {
  test('are two, whatever is asked, and end with the store', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    const work = Array.from({ length: 100 }, async (_, index) => {
      await store.subscribe(`t:c:${index}`, () => undefined);
      await store.put(`t:${index}`, 'x', 60);
      await store.increment('t:n', 1, 60);
    });
    await Promise.all(work);
    expect(await connectionsTo(url)).toEqual(['fairlead-commands', 'fairlead-messages']);
    await store.close();
    await expect.poll(() => connectionsTo(url), PATIENCE).toEqual([]);
  });

  test('ask for each channel once, as long as somebody listens', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    const first = await store.subscribe('t:c', () => undefined);
    const second = await store.subscribe('t:c', () => undefined);
    await first();
    expect(await ask(url, 'PUBSUB', 'CHANNELS')).toEqual(['fairlead:channel:0:t:c']);
    await second();
    expect(await ask(url, 'PUBSUB', 'CHANNELS')).toEqual([]);
  });

  test('of two databases of one server hear nothing of each other', async () => {
    const { url } = await bench.start();
    const [here, there] = [await bench.open(url), await bench.open(url.replace(/0$/, '1'))];
    const heard: string[] = [];
    await here.subscribe('t:c', (message) => heard.push(message));
    await there.publish('t:c', 'elsewhere');
    await here.publish('t:c', 'mine');
    await expect.poll(() => heard, PATIENCE).toEqual(['mine']);
    await there.put('t:a', 'x', 60);
    expect(await here.get('t:a')).toBeUndefined();
  });
});

describe('what lies in the server', () => {
  test('is named after the product, and ends by itself unless it is permanent', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    await store.put('t:put', 'x', 60);
    await store.swap('t:made', undefined, 'x', 60);
    await store.put('t:changed', 'x', 'permanent');
    await store.swap('t:changed', 'x', 'y', 60);
    await store.increment('t:n', 1, 60);
    await store.increment('t:n', 1, 60);
    await store.append('t:s', 'x', bounds);
    await store.ping();
    const keys = (await ask(url, 'KEYS', '*')) as string[];
    expect(keys.sort()).toEqual([
      'fairlead:liveness',
      'fairlead:record:t:changed',
      'fairlead:record:t:made',
      'fairlead:record:t:n',
      'fairlead:record:t:put',
      'fairlead:stream:t:s',
    ]);
    for (const key of keys) expect(Number(await ask(url, 'PTTL', key))).toBeGreaterThan(0);
    await store.put('t:short', 'x', 0.05);
    await expect.poll(() => store.get('t:short'), PATIENCE).toBeUndefined();
  });

  test('is found page by page, each key once and nothing of others', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    const keys = Array.from({ length: 3000 }, (_, index) => `t:${index}`);
    await Promise.all(keys.map((key) => store.put(key, 'x', 60)));
    await ask(url, 'SET', 'other:record:t:1', 'x');
    await ask(url, 'SET', 't:1', 'x');
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.scan('t:', 70, after);
      expect(page.keys.length).toBeLessThanOrEqual(70);
      found.push(...page.keys);
      after = page.next;
    } while (after !== undefined);
    expect(found.sort()).toEqual(keys.sort());
  });

  test('keeps its order although the clock of Redis goes back', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    const before = await store.append('t:s', 'before', bounds);
    const ahead = String(Number(before) + 3_600_000_000);
    await ask(url, 'XADD', 'fairlead:stream:t:s', `${ahead}-0`, 'value', 'ahead');
    const ids = [await store.append('t:s', 'after', bounds), await store.append('t:s', 'last', bounds)];
    expect(ids).toEqual([String(Number(ahead) + 1), String(Number(ahead) + 2)]);
    const events = await store.readAfter('t:s', before, 10);
    expect(events.map(({ value }) => value)).toEqual(['ahead', 'after', 'last']);
  });

  test('is changed by scripts that Redis may forget', async () => {
    const { url } = await bench.start();
    const store = await bench.open(url);
    for (let round = 1; round < 3; round++) {
      await ask(url, 'SCRIPT', 'FLUSH');
      expect(await store.swap('t:a', undefined, 'x', 60)).toBe(round === 1);
      expect((await store.increment('t:n', 1, 60)).value).toBe(round);
      await store.append('t:s', String(round), bounds);
      expect(await store.readAfter('t:s', undefined, 10)).toHaveLength(round);
    }
  });
});

describe('a server that cannot serve is refused with its reason', () => {
  async function refusal(url: string): Promise<unknown> {
    return bench.open(url).catch((error: unknown) => error);
  }

  function configurationInvalid(message: string) {
    return {
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining(message) as string,
      next: expect.any(String) as string,
    };
  }

  test('none that answers', async () => {
    const server = await bench.start();
    await server.stop();
    expect(await refusal(server.url)).toMatchObject({
      code: 'UNAVAILABLE',
      message: `Redis at 127.0.0.1:${server.port} cannot be reached (ECONNREFUSED).`,
    });
  });

  test('one that comes late is waited for', async () => {
    const server = await bench.start();
    await server.crash();
    const opening = bench.open(server.url);
    await server.restart();
    await expect((await opening).ping()).resolves.toBeUndefined();
  });

  test('another password, another database, a user without rights', async () => {
    const { url } = await bench.start({ requirepass: 'right' });
    const withPassword = url.replace('//', '//:right@');
    expect(await refusal(url)).toMatchObject(configurationInvalid('name and password'));
    expect(await refusal(url.replace('//', '//:wrong@'))).toMatchObject(configurationInvalid('password'));
    expect(await refusal(withPassword.replace(/0$/, '99'))).toMatchObject(
      configurationInvalid('database 99'),
    );
    await ask(withPassword, 'ACL', 'SETUSER', 'weak', 'on', '>weak', '~*', '+client', '+select');
    expect(await refusal(url.replace('//', '//weak:weak@'))).toMatchObject(configurationInvalid('forbids'));
  });

  test('a user with exactly the documented rights is enough', async () => {
    const { url } = await bench.start({ requirepass: 'right' });
    const page = await readFile(join(import.meta.dirname, '../../docs/replicas.md'), 'utf8');
    const [rule = ''] = /ACL SETUSER fairlead.*/.exec(page) ?? [];
    const [, , ...words] = rule.replace('<password>', 'p%40ss').split(' ');
    await ask(url.replace('//', '//:right@'), 'ACL', 'SETUSER', ...words);
    const store = await bench.open(url.replace('//', '//fairlead:p%2540ss@'));
    await store.ping();
    await store.put('t:a', '1', 60);
    await store.take('t:a');
    await store.put('t:a', '1', 0);
    await store.swap('t:a', undefined, '1', 60);
    await store.increment('t:a', 1, 60);
    await store.append('t:s', 'x', bounds);
    await store.append('t:s', 'x', bounds);
    await store.readAfter('t:s', undefined, 10);
    await store.scan('t:', 10);
    const leave = await store.subscribe('t:c', () => undefined);
    await store.publish('t:c', 'x');
    await leave();
    expect(bench.logged('warn')).toEqual([]);
  });

  test('a cluster, and a replica', async () => {
    const cluster = await bench.start({ 'cluster-enabled': 'yes' });
    expect(await refusal(cluster.url)).toMatchObject(configurationInvalid('mode cluster'));
    const replica = await bench.start({ replicaof: '127.0.0.1 1' });
    expect(await refusal(replica.url)).toMatchObject(configurationInvalid('is a replica'));
  });

  test('one that is too old', async () => {
    const info = 'redis_version:6.0.16\r\nredis_mode:standalone\r\nrole:master\r\n';
    const old = createServer((socket) => {
      socket.on('data', (data) => {
        const isInfo = data.toString().includes('INFO');
        socket.write(isInfo ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      });
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = old.address() as AddressInfo;
      expect(await refusal(`redis://127.0.0.1:${port}`)).toMatchObject(configurationInvalid('6.0.16'));
    } finally {
      old.close();
    }
  });

  test('one that may drop records serves, with a warning', async () => {
    const { url } = await bench.start({ 'maxmemory-policy': 'allkeys-lru' });
    await (await bench.open(url)).ping();
    expect(bench.telemetry.lines).toMatchObject([{ level: 'warn', fields: { policy: 'allkeys-lru' } }]);
  });
});

test('a password stands in no error and in no line of the log', async () => {
  const server = await bench.start({ requirepass: 'sesame:öffne-dich' });
  const password = encodeURIComponent('sesame:öffne-dich');
  const errors: unknown[] = [];
  const attempt = (url: string) => bench.open(url).catch((error: unknown) => errors.push(error));
  const store = await bench.open(server.url.replace('//', `//:${password}@`));
  await server.crash();
  errors.push(await store.get('t:a').catch((error: unknown) => error));
  await server.restart();
  await untilBack(store);
  await attempt(server.url.replace('//', '//:sesame-wrong@'));
  await attempt(`redis://:sesame@127.0.0.1:${server.port}/x`);
  await attempt(`redis//:sesame@127.0.0.1:${server.port}`);
  errors.push(
    await openStore({ url: 'redis://:sesame@/' }, { dataDir: '', logger: bench.telemetry.logger }).catch(
      String,
    ),
  );
  errors.push(
    await openStore({ url: 'rdis://:sesame@h' }, { dataDir: '', logger: bench.telemetry.logger }).catch(
      String,
    ),
  );
  expect(errors).toHaveLength(6);
  expect(inspect([errors, bench.telemetry.lines], { depth: Infinity, showHidden: true })).not.toMatch(
    /sesame|öffne/,
  );
});

test('rediss:// speaks TLS with a server whose certificate can be trusted, and with no other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'store-redis-tls-'));
  const trusted = getCACertificates('default');
  try {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    await promisify(execFile)('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ],
      ...['-keyout', key, '-out', certificate, '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
    ]);
    const server = await bench.start({
      ...{ 'tls-cert-file': certificate, 'tls-key-file': key, 'tls-auth-clients': 'no' },
      'tls-ca-cert-file': certificate,
    });
    await expect(bench.open(server.url)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('cannot be trusted') as string,
    });
    setDefaultCACertificates([...trusted, await readFile(certificate, 'utf8')]);
    const store = await bench.open(server.url);
    await store.put('t:a', 'x', 60);
    expect(await store.get('t:a')).toBe('x');
  } finally {
    setDefaultCACertificates(trusted);
    await rm(folder, { recursive: true, force: true });
  }
});
