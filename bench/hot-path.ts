import autocannon from 'autocannon';
import { type ServerProcess, startBare, startFairlead } from './server-process.ts';

// An `info` call through the whole stack against bare node:http with the same request and the same answer,
// in turn within one run: absolute figures differ between machines and minutes, ratios hold.

const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 32;

interface Figures {
  readonly rps: number;
  readonly p99: number;
  /** Microseconds of processor time per request. */
  readonly cpu: number;
  /** Megabytes. */
  readonly rss: number;
}

interface Load {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const COMMON = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const CALL = { name: 'info', arguments: {} };

/** Revision 2026-07-28: the request says everything. */
const current: Load = {
  headers: {
    ...COMMON,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'info',
  },
  body: rpc('tools/call', {
    ...CALL,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  }),
};

function rpc(method: string, params: object, id: string | number = 1): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params });
}

/** Revision 2025-11-25: a session, in which each request has an id of its own. */
async function inSession(server: ServerProcess): Promise<Load> {
  const clientInfo = { name: 'bench', version: '1.0.0' };
  const body = rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  const headers = { ...COMMON, ...server.headers };
  const response = await fetch(server.url, { method: 'POST', headers, body });
  await response.text();
  return {
    headers: {
      ...COMMON,
      'mcp-protocol-version': '2025-11-25',
      'mcp-session-id': response.headers.get('mcp-session-id') ?? '',
    },
    // What autocannon replaces.
    body: rpc('tools/call', CALL, '[<id>]'),
  };
}

async function measure(server: ServerProcess, load: Load, seconds: number): Promise<Figures> {
  const before = await server.usage();
  const result = await autocannon({
    url: server.url,
    method: 'POST',
    headers: { ...load.headers, ...server.headers },
    body: load.body,
    idReplacement: load.body.includes('[<id>]'),
    connections: CONNECTIONS,
    duration: seconds,
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${result.non2xx} answers other than 200 and ${result.errors} errors`);
  }
  const after = await server.usage();
  return {
    rps: result.requests.total / result.duration,
    p99: result.latency.p99,
    cpu: ((after.cpu - before.cpu) * 1_000_000) / result.requests.total,
    rss: after.rss / 1_048_576,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** An `info` call through the whole stack against bare `node:http`. */
export async function benchHotPath(): Promise<void> {
  const fairlead = await startFairlead();
  const idle = (await fairlead.usage()).rss / 1_048_576;
  const sample = await fetch(fairlead.url, {
    method: 'POST',
    headers: { ...current.headers, ...fairlead.headers },
    body: current.body,
  });
  if (!sample.ok) throw new Error(`The sample call was answered ${sample.status}: ${await sample.text()}`);
  const bare = await startBare(await sample.text());
  const session = await inSession(fairlead);
  const rounds: { bare: Figures; current: Figures; session: Figures }[] = [];
  try {
    await measure(bare, current, 2);
    await measure(fairlead, current, 2);
    await measure(fairlead, session, 2);
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        bare: await measure(bare, current, SECONDS),
        current: await measure(fairlead, current, SECONDS),
        session: await measure(fairlead, session, SECONDS),
      });
    }
  } finally {
    await bare.stop();
    await fairlead.stop();
  }

  const ratio = (of: 'current' | 'session', figure: keyof Figures): string =>
    median(rounds.map((round) => round[of][figure] / round.bare[figure])).toFixed(2);
  const rows = (['rps', 'p99', 'cpu', 'rss'] as const).map((figure) => ({
    figure: {
      rps: 'requests per second',
      p99: 'p99 latency, ms',
      cpu: 'CPU per request, µs',
      rss: 'memory under load, MB',
    }[figure],
    'node:http': median(rounds.map((round) => round.bare[figure])).toFixed(1),
    '2026-07-28': median(rounds.map((round) => round.current[figure])).toFixed(1),
    ratio: ratio('current', figure),
    '2025-11-25': median(rounds.map((round) => round.session[figure])).toFixed(1),
    'its ratio': ratio('session', figure),
  }));
  console.log(
    `An info call, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${SECONDS} s in turn, Node ${process.version}`,
  );
  console.table(rows);
  console.log(
    `Start until ready: ${fairlead.startUp.toFixed(0)} ms; memory when ready: ${idle.toFixed(0)} MB`,
  );
}
