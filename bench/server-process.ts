import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes that are resident. */
export interface Memory {
  readonly rss: number;
  /** Without the pages of programs and libraries, which processes share and the kernel can drop. */
  readonly own: number;
}

/** What the operating system has counted for a process. */
export interface Usage extends Memory {
  /** Seconds of processor time, user and system. */
  readonly cpu: number;
}

export interface ServerProcess {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Milliseconds from the start of the process until it was ready. */
  readonly startUp: number;
  usage(): Promise<Usage>;
  /** Processes that it has started and that run now. */
  children(): Promise<number>;
  stop(): Promise<void>;
}

// Linux counts in ticks of which every supported architecture has 100 a second.
const TICKS_PER_SECOND = 100;

async function usageOf(child: ChildProcess): Promise<Usage> {
  const stat = await readFile(`/proc/${child.pid ?? 'none'}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  // Fields 14 and 15 of proc(5), of which two are cut off above.
  const [user = 0, system = 0] = [fields[11], fields[12]];
  return { cpu: (user + system) / TICKS_PER_SECOND, ...(await memoryOf(child)) };
}

/** As proc(5) tells it in kB. */
export async function memoryOf({ pid }: ChildProcess): Promise<Memory> {
  const status = await readFile(`/proc/${pid ?? 'none'}/status`, 'utf8');
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024;
  return { rss: bytes('VmRSS'), own: bytes('RssAnon') };
}

async function childrenOf({ pid }: ChildProcess): Promise<number> {
  const list = await readFile(`/proc/${pid ?? 'none'}/task/${pid ?? 'none'}/children`, 'utf8');
  return list.split(' ').filter((id) => id !== '').length;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** The floor: `node:http` that reads, parses and answers a constant body. */
export async function startBare(answer: string): Promise<ServerProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'bare-server.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(answer);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: line.toString().trim(),
    headers: {},
    startUp: performance.now() - started,
    usage: () => usageOf(child),
    children: () => childrenOf(child),
    stop: () => stop(child),
  };
}

const CLIENT = { id: 'bench', secret: 'a-secret-of-the-benchmark-and-of-nothing-else' };

/** The built server as it is shipped: authentication, rate limits, access log, audit and metrics are on. */
export async function startFairlead(
  scopes: readonly string[] = ['files:read'],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-bench-'));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const config = path.join(folder, 'fairlead.yaml');
  await writeFile(
    config,
    JSON.stringify({
      // The load comes from one address and lasts longer than a token's default life.
      http: { rateLimits: { mcpPerMinute: 1_000_000 } },
      // Tools that destroy are listed to applications that a rule names.
      policy: { rules: [{ name: 'benchmark', clients: [CLIENT.id] }] },
      auth: {
        accessTokenTtlSeconds: 3600,
        clients: [{ clientId: CLIENT.id, name: 'Benchmark', secret: CLIENT.secret, scopes }],
      },
    }),
    { mode: 0o600 },
  );
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(import.meta.dirname, '../dist/main.js'), 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      FAIRLEAD_CONFIG: config,
      FAIRLEAD_DATA_DIR: path.join(folder, 'data'),
      ...env,
    },
  });
  await ready(`${base}/health/ready`, child);
  const startUp = performance.now() - started;
  return {
    url: `${base}/mcp`,
    headers: { authorization: `Bearer ${await accessToken(base, scopes)}` },
    startUp,
    usage: () => usageOf(child),
    children: () => childrenOf(child),
    stop: async () => {
      await stop(child);
      await rm(folder, { recursive: true });
    },
  };
}

async function accessToken(base: string, scopes: readonly string[]): Promise<string> {
  const response = await fetch(`${base}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' ') }),
  });
  if (!response.ok) throw new Error(`No token: ${response.status} ${await response.text()}`);
  const { access_token: token } = (await response.json()) as { access_token: string };
  return token;
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode}`);
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok === true) return;
    await delay(5);
  }
  throw new Error('The server did not become ready');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
