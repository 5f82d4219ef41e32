import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { emptyFolder, Run } from './fairlead.ts';

/** A server that has started, at a port of its own. */
async function start(env: Record<string, string> = {}): Promise<{ run: Run; url: string }> {
  const cwd = await emptyFolder();
  await mkdir(join(cwd, 'files'));
  const run = new Run([], {
    cwd,
    env: { PORT: '0', FAIRLEAD_STORE: 'memory', FAIRLEAD_WORKSPACE: 'files', ...env },
  });
  await expect
    .poll(() => run.log, { timeout: 15_000 })
    .toContainEqual(expect.objectContaining({ msg: 'listening' }));
  const url = run.log.find(({ msg }) => msg === 'listening')?.['url'];
  return { run, url: String(url) };
}

describe('fairlead serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('answers until %s, then ends with 0', async (signal) => {
    const { run, url } = await start();
    expect((await fetch(new URL('/health/ready', url))).status).toBe(200);
    run.child.kill(signal);
    expect(await run.ended).toMatchObject({ status: 0, stderr: '' });
    await expect(fetch(new URL('/health/ready', url))).rejects.toThrow();
  });

  it('logs nothing but lines of JSON where nobody watches, with the link for the owner', async () => {
    const { run } = await start();
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.log.length).toBeGreaterThan(1);
    const setupUrl = run.log.find((line) => 'setupUrl' in line)?.['setupUrl'];
    expect(setupUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/setup/);
    expect(setupUrl).not.toContain('redacted');
  });

  it('keeps the link out of the log in production, and names the other ways', async () => {
    const { run } = await start({
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://mcp.example.com',
      FAIRLEAD_STORE: 'sqlite',
    });
    await expect.poll(() => run.stdout).toContain('fairlead users add');
    expect(run.stdout).toContain('FAIRLEAD_OWNER_EMAIL');
    expect(run.stdout).not.toContain('/setup');
  });

  it('does not ask for an owner whom the configuration names and another process is about to make', async () => {
    const store = `sqlite:${join(await emptyFolder(), 'state.sqlite')}`;
    const state = await openStore({ url: store }, { dataDir: '', logger: recordTelemetry().logger });
    onTestFinished(() => state.close());
    await state.put('auth:first-account', '1', 60);
    const { run } = await start({
      FAIRLEAD_STORE: store,
      FAIRLEAD_OWNER_EMAIL: 'owner@example.com',
      FAIRLEAD_OWNER_PASSWORD: 'correct horse battery staple',
    });
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.stdout).not.toContain('There is no account yet');
  });

  it('ends with 1 at once when asked a second time while calls run', async () => {
    const { run, url } = await start({ FAIRLEAD_HTTP_DRAIN_TIMEOUT_MS: '600000' });
    const { host, hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    // A request whose body does not come keeps the server from ending; "100 Continue" tells that it has begun.
    socket.write(
      [
        'POST /token HTTP/1.1',
        `Host: ${host}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Content-Length: 10',
        'Expect: 100-continue',
        '\r\n',
      ].join('\r\n'),
    );
    await once(socket, 'data');
    run.child.kill('SIGTERM');
    const asking = setInterval(() => run.child.kill('SIGTERM'), 50);
    onTestFinished(() => {
      clearInterval(asking);
    });
    expect((await run.ended).status).toBe(1);
  });

  it('names every problem of the configuration in a line of its own and ends with 78', async () => {
    const cwd = await emptyFolder();
    const run = new Run(['serve'], { cwd, env: { PORT: 'x', LOG_LEVEL: 'y' } });
    expect((await run.ended).status).toBe(78);
    expect(run.log).toEqual([
      expect.objectContaining({ level: 'fatal', where: 'PORT', fix: expect.any(String) as string }),
      expect.objectContaining({ level: 'fatal', where: 'LOG_LEVEL', fix: expect.any(String) as string }),
    ]);
  });

  it('says so when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const address = taken.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    const run = new Run(['serve'], { cwd: await emptyFolder(), env: { PORT: port } });
    expect((await run.ended).status).not.toBe(0);
    expect(run.stdout).toContain(port);
    expect(run.stdout).not.toMatch(/\\n\s+at /);
  });
});
