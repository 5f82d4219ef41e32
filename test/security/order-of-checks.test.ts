import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/index.ts';
import { openSocket, sendRaw } from '../fixtures/http-edge.ts';

// The checks have tests of their own; here the service itself has them, in the order in which it puts them together.

let folder: string;
let app: App;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-order-'));
  const env = {
    ...{ HOST: '127.0.0.1', PORT: '0', LOG_FILE: path.join(folder, 'log') },
    FAIRLEAD_DATA_DIR: path.join(folder, 'data'),
    FAIRLEAD_WORKSPACE: await mkdtemp(path.join(folder, 'workspace-')),
  };
  app = await createApp(await loadConfig({ env, cwd: folder }), { version: '0.0.0-test' });
  port = Number((await app.listen()).url.port);
});
afterAll(async () => {
  await app.drain();
  await rm(folder, { recursive: true, force: true });
});

const head = (line: string, headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n');

const LOCAL = 'Host: localhost';
const FOREIGN = 'Origin: https://attacker.example';
const BAD_TOKEN = 'Authorization: Bearer of-nobody';

describe.each(['POST /mcp', 'GET /sse', 'POST /messages', 'GET /authorize', 'POST /token', 'POST /register'])(
  '%s',
  (line) => {
    it.each([
      ['of another host', 421, ['Host: attacker.example']],
      ['of another host with a token', 421, ['Host: attacker.example', BAD_TOKEN]],
      ['of another host from a page of it', 421, ['Host: attacker.example', FOREIGN]],
      ['from a page of another origin', 403, [LOCAL, FOREIGN]],
      ['from a page of another origin with a token', 403, [LOCAL, FOREIGN, BAD_TOKEN]],
    ])('%s is refused before anybody is asked for a token', async (_what, status, headers) => {
      const answer = await sendRaw(port, head(line, headers));
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(answer).not.toMatch(/^(www-authenticate|set-cookie|access-control-[\w-]+):/im);
    });
  },
);

describe.each(['/mcp', '/sse', '/messages'])('%s', (target) => {
  it('asks for a token before it reads a body', async () => {
    const socket = await openSocket(port);
    socket.write(
      `POST ${target} HTTP/1.1\r\n${LOCAL}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer.toString()).toMatch(/^www-authenticate: Bearer resource_metadata="/im);
  });

  it.each([
    ['http://localhost:6274', true],
    ['https://attacker.example', false],
  ])('answers a preflight from %s without a token (allowed: %s)', async (origin, isAllowed) => {
    const asked = [LOCAL, `Origin: ${origin}`, 'Access-Control-Request-Method: POST'];
    const answer = await sendRaw(port, head(`OPTIONS ${target}`, asked));
    expect(answer).toMatch(/^HTTP\/1\.1 204 /);
    expect(/^access-control-allow-origin:/im.test(answer)).toBe(isAllowed);
  });
});
