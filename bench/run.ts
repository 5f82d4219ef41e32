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

const message = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'info',
    arguments: {},
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});
const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'info',
};

async function measure(server: ServerProcess, seconds: number): Promise<Figures> {
  const before = await server.usage();
  const result = await autocannon({
    url: server.url,
    method: 'POST',
    headers: { ...HEADERS, ...server.headers },
    body: message,
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

const fairlead = await startFairlead();
const idle = (await fairlead.usage()).rss / 1_048_576;
const sample = await fetch(fairlead.url, {
  method: 'POST',
  headers: { ...HEADERS, ...fairlead.headers },
  body: message,
});
if (!sample.ok) throw new Error(`The sample call was answered ${sample.status}: ${await sample.text()}`);
const bare = await startBare(await sample.text());
const rounds: { fairlead: Figures; bare: Figures }[] = [];
try {
  await measure(bare, 2);
  await measure(fairlead, 2);
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await measure(bare, SECONDS), fairlead: await measure(fairlead, SECONDS) });
  }
} finally {
  await bare.stop();
  await fairlead.stop();
}

const rows = (['rps', 'p99', 'cpu', 'rss'] as const).map((figure) => ({
  figure: {
    rps: 'requests per second',
    p99: 'p99 latency, ms',
    cpu: 'CPU per request, µs',
    rss: 'memory under load, MB',
  }[figure],
  'node:http': median(rounds.map((round) => round.bare[figure])).toFixed(1),
  fairlead: median(rounds.map((round) => round.fairlead[figure])).toFixed(1),
  ratio: median(rounds.map((round) => round.fairlead[figure] / round.bare[figure])).toFixed(2),
}));
console.log(
  `An info call, ${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${SECONDS} s in turn, Node ${process.version}`,
);
console.table(rows);
console.log(`Start until ready: ${fairlead.startUp.toFixed(0)} ms; memory when ready: ${idle.toFixed(0)} MB`);
