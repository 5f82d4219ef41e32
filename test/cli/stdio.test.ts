import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorkspace, StdioProcess } from '../fixtures/stdio-process.ts';
import { emptyFolder, fairlead } from './fairlead.ts';

const SOON = { timeout: 15_000 };

function initialize(protocolVersion: string, capabilities: object = {}): object {
  const params = { protocolVersion, capabilities, clientInfo: { name: 'raw', version: '1.0.0' } };
  return { jsonrpc: '2.0', id: 'init', method: 'initialize', params };
}

const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' };

function call(id: number, name: string, args: object = {}): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } };
}

async function start(env: Record<string, string> = {}): Promise<{ server: StdioProcess; workspace: string }> {
  const workspace = await makeWorkspace();
  const server = new StdioProcess({ cwd: workspace, env });
  server.send(initialize('2025-06-18'), initialized);
  await expect.poll(() => server.response('init'), SOON).toBeDefined();
  return { server, workspace };
}

/** Processes of this name that look after the folder. */
async function searchers(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
      return name.trim() === 'rg' && cwd === folder ? pid : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

describe('fairlead stdio', () => {
  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'speaks revision %s',
    async (revision) => {
      const server = new StdioProcess({ cwd: await makeWorkspace() });
      server.send(initialize(revision), initialized, { jsonrpc: '2.0', id: 1, method: 'tools/list' });
      await expect.poll(() => server.response(1), SOON).toBeDefined();
      expect(server.response('init')?.result).toMatchObject({ protocolVersion: revision });
      expect(JSON.stringify(server.response(1)?.result)).toContain('"search_files"');
    },
  );

  it.each([
    ['development', 'trace'],
    ['production', 'debug'],
  ])(
    'writes nothing but messages to standard output, in %s with LOG_LEVEL=%s',
    async (environment, level) => {
      const { server } = await start({ NODE_ENV: environment, LOG_LEVEL: level });
      server.send('no json at all', '{"neither":"a message"}', call(1, 'babble_on'), call(2, 'no_such_tool'));
      await expect.poll(() => server.response(2), SOON).toBeDefined();
      server.child.stdin.end();
      expect(await server.ended).toEqual({ status: 0, signal: null });
      expect(server.messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true);
      expect(server.response(1)?.result).toMatchObject({ content: [{ text: 'done' }] });
      for (const kind of ['console', 'stream', 'warning'])
        expect(server.stderr).toContain(`babble by ${kind}`);
      expect(server.stderr).toContain('"action":"tool.called"');
    },
  );

  it('keeps results as long as the connection, and leaves nothing of them behind', async () => {
    const folder = await emptyFolder();
    const { server, workspace } = await start({ TMPDIR: folder });
    server.send(call(1, 'keep_notes'));
    await expect.poll(() => server.response(1), SOON).toBeDefined();
    expect(server.response(1)?.result).toMatchObject({ content: [{ text: '/.scratch/note.txt' }] });
    server.send(call(2, 'read_file', { paths: ['/.scratch/note.txt'] }));
    await expect.poll(() => server.response(2), SOON).toBeDefined();
    expect(JSON.stringify(server.response(2)?.result)).toContain('a note');
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^fairlead-/)]);
    server.child.stdin.end();
    expect(await server.ended).toEqual({ status: 0, signal: null });
    expect(await readdir(folder)).toEqual([]);
    expect(await readdir(workspace)).toEqual([]);
  });

  it('tells of progress and log lines before the answer', async () => {
    const { server } = await start();
    const params = { name: 'report_steps', arguments: {}, _meta: { progressToken: 'p' } };
    server.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    await expect.poll(() => server.response(1), SOON).toBeDefined();
    const told = server.messages.slice(1).map(({ params: { progress, data } = {}, result }) => {
      return progress ?? data ?? (result === undefined ? 'nothing' : 'result');
    });
    expect(told).toEqual([1, 'half done', 2, 'result']);
  });

  it('logs to LOG_FILE where there is one', async () => {
    const logFile = join(await emptyFolder(), 'fairlead.log');
    const { server } = await start({ LOG_FILE: logFile });
    server.child.stdin.end();
    await server.ended;
    expect(await readFile(logFile, 'utf8')).toContain('serving over standard input and output');
    expect(server.stderr).not.toContain('serving');
  });

  it('logs to standard error where LOG_FILE cannot be written', async () => {
    const { server } = await start({ LOG_FILE: '/dev/null/fairlead.log' });
    server.child.stdin.end();
    await server.ended;
    expect(server.stderr).toContain('LOG_FILE cannot be written: the log goes to standard error');
    expect(server.messages.map(({ id }) => id)).toEqual(['init']);
  });

  it('cancels what runs, ends its processes and exits with 0 when standard input ends', async () => {
    const { server, workspace } = await start();
    server.send(call(1, 'search_forever', { folder: workspace }));
    await expect.poll(() => searchers(workspace), SOON).toHaveLength(1);
    server.child.stdin.end();
    expect(await server.ended).toEqual({ status: 0, signal: null });
    await expect.poll(() => searchers(workspace), SOON).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends in the same way at %s', async (signal) => {
    const { server, workspace } = await start();
    server.send(call(1, 'search_forever', { folder: workspace }));
    await expect.poll(() => searchers(workspace), SOON).toHaveLength(1);
    server.child.kill(signal);
    expect(await server.ended).toEqual({ status: 0, signal: null });
    await expect.poll(() => searchers(workspace), SOON).toEqual([]);
  });

  it('ends what runs and exits with 1 after a failure that nothing caught', async () => {
    const { server, workspace } = await start();
    server.send(call(1, 'search_forever', { folder: workspace }));
    await expect.poll(() => searchers(workspace), SOON).toHaveLength(1);
    server.send(call(2, 'break_down'));
    expect(await server.ended).toEqual({ status: 1, signal: null });
    expect(server.stderr).toContain('out of reach');
    await expect.poll(() => searchers(workspace), SOON).toEqual([]);
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const { server } = await start({ LOG_LEVEL: 'silent' });
    server.child.stdout.destroy();
    server.send(call(1, 'info'));
    expect(await server.ended).toEqual({ status: 0, signal: null });
    expect(server.stderr).not.toMatch(/EPIPE|^\s+at /m);
  });

  it('tells each fault by an id of its own, which stands in the log', async () => {
    const { server } = await start();
    const nowhere = { folder: '/nowhere/at/all' };
    server.send(call(1, 'search_forever', nowhere), call(2, 'search_forever', nowhere));
    const told = (id: number): string =>
      /under ([\w-]{36})\./.exec(JSON.stringify(server.response(id)?.result))?.[1] ?? '';
    await expect
      .poll(() => [told(1), told(2)].every((id) => server.stderr.includes(id || 'none')), SOON)
      .toBe(true);
    expect(told(1)).not.toBe(told(2));
  });

  it('goes on after lines that are no messages', async () => {
    const { server } = await start();
    server.send('', 'garbage', '[]', '{}', 'null', '{"jsonrpc":"1.0"}', '\u0000\u0001', call(1, 'info'));
    await expect.poll(() => server.response(1)?.result, SOON).toBeDefined();
  });

  it('ends when a message is larger than the limit, and says so', async () => {
    const { server } = await start({ FAIRLEAD_HTTP_BODY_LIMIT_BYTES: '4096' });
    server.send(call(1, 'info', { filler: 'x'.repeat(3000) }), call(2, 'info', { filler: 'x'.repeat(3000) }));
    await expect.poll(() => server.response(2), SOON).toBeDefined();
    server.child.stdin.write('x'.repeat(5000));
    expect(await server.ended).toEqual({ status: 1, signal: null });
    expect(server.stderr).toContain('larger than the limit of 4096 bytes');
  });

  it('listens on no socket and keeps no file', async () => {
    const { server, workspace } = await start({ NODE_ENV: 'production' });
    const folder = `/proc/${server.child.pid ?? 0}/fd`;
    const open = await Promise.all(
      (await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')),
    );
    const listening = (
      await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8')))
    )
      .flatMap((table) => table.split('\n').slice(1))
      .map((row) => row.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A')
      .map((fields) => `socket:[${fields[9] ?? ''}]`);
    expect(open.filter((target) => listening.includes(target))).toEqual([]);
    expect(await readdir(workspace)).toEqual([]);
  });
});

describe('the built program', () => {
  it('serves the folder that its client names', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'note.txt'), 'hello\n');
    const messages = [initialize('2025-11-25'), initialized, call(1, 'read_file', { path: '/note.txt' })];
    const input = `${messages.map((message) => JSON.stringify(message)).join('\n')}\n`;
    const { status, stdout } = await fairlead(['stdio'], { cwd, env: { FAIRLEAD_WORKSPACE: cwd }, input });
    // Whoever closes its end does not wait for answers: those that came are all there is.
    expect(status).toBe(0);
    for (const line of stdout.split('\n').slice(0, -1)) expect(JSON.parse(line)).toHaveProperty('jsonrpc');
  });

  it('refuses a workspace that holds the data folder of a server, on standard error alone', async () => {
    const cwd = await emptyFolder();
    const env = { FAIRLEAD_WORKSPACE: cwd };
    await mkdir(join(cwd, 'data'));
    const { status, stdout, stderr } = await fairlead(['stdio'], { cwd, env });
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toContain('the data folder with its keys');
  });
});
