import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { buildConnector } from 'undici';
import { guardConnector, guardLookup, type Resolve } from '../../../src/net/connector.ts';

const nothing = () => false;
const everything = () => true;

describe('guardLookup', () => {
  function lookup(resolve: Resolve, all: boolean, permits: (address: string) => boolean): Promise<unknown[]> {
    return new Promise((done) => {
      guardLookup(resolve, permits)('name.test', { all }, (...answer) => {
        done(answer);
      });
    });
  }

  const two = () =>
    Promise.resolve([
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);

  test('answers every address when all are permitted, and the first to who asks for one', async () => {
    expect(await lookup(two, true, everything)).toEqual([null, await two()]);
    expect(await lookup(two, false, everything)).toEqual([null, '8.8.8.8', 4]);
  });

  test('answers none when one of them is not permitted', async () => {
    const [error, addresses] = await lookup(two, true, (address) => address !== '10.0.0.1');
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    expect(addresses).toEqual([]);
  });

  test('a name without addresses is blocked, and a failure of the resolver passed on', async () => {
    expect((await lookup(() => Promise.resolve([]), true, everything))[0]).toMatchObject({
      code: 'URL_BLOCKED',
    });
    const failure = new Error('SERVFAIL');
    expect((await lookup(() => Promise.reject(failure), true, everything))[0]).toBe(failure);
  });
});

describe('guardConnector', () => {
  let server: Server;
  let port: string;
  let accepted: Socket[];

  beforeEach(async () => {
    accepted = [];
    server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = String((server.address() as AddressInfo).port);
  });

  afterEach(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  /** Reaches the local server whatever it is asked for, as a network that answers for others would. */
  const diverted: buildConnector.connector = (options, callback) => {
    const socket = connectSocket(Number(options.port), '127.0.0.1', () => {
      callback(null, socket);
    });
  };

  function connect(hostname: string, permits: (address: string) => boolean) {
    return new Promise<{ error: Error | null; socket: Socket | null }>((done) => {
      guardConnector(diverted, permits)({ hostname, protocol: 'http:', port }, (error, socket) => {
        done({ error, socket });
      });
    });
  }

  test('hands on a connection to a permitted peer', async () => {
    const { error, socket } = await connect('name.test', everything);
    expect(error).toBeNull();
    expect(socket?.remoteAddress).toBe('127.0.0.1');
    socket?.destroy();
  });

  test('closes a connection that ended at a peer which is not permitted, before anything is sent', async () => {
    const { error, socket } = await connect('name.test', nothing);
    expect(error).toMatchObject({ code: 'URL_BLOCKED' });
    expect(socket).toBeNull();
    await expect.poll(() => accepted.length).toBe(1);
    const [peer] = accepted;
    if (peer !== undefined && !peer.closed) await once(peer.resume(), 'close');
    expect(peer?.bytesRead).toBe(0);
  });

  test.each(['10.0.0.1', '[::1]', '::1'])(
    'does not even connect to the literal %s if it is not permitted',
    async (literal) => {
      expect((await connect(literal, nothing)).error).toMatchObject({ code: 'URL_BLOCKED' });
      expect(accepted).toEqual([]);
    },
  );
});
