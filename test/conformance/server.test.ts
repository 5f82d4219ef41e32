import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type App, createApp } from '../../src/app.ts';
import { loadConfig } from '../../src/config/index.ts';
import { freePort } from '../fixtures/fairlead-process.ts';
import { conformancePrompts, conformanceResources, conformanceTools } from './fixture-pack.ts';
import { runSuite, type ScenarioResult } from './run-suite.ts';

// Scenarios that need a session: questions that the server sends on a stream of its own, subscriptions that
// outlast a request. Clients of the 2025 revisions are served without sessions.
const NEED_SESSIONS = [
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
  'resources-subscribe',
  'resources-unsubscribe',
  'tools-call-elicitation',
  'tools-call-sampling',
];

let folder: string;
let app: App;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-conformance-'));
  const env = {
    PORT: String(await freePort()),
    FAIRLEAD_AUTH_MODE: 'none',
    FAIRLEAD_DATA_DIR: folder,
    LOG_FILE: path.join(folder, 'log'),
  };
  app = await createApp(
    await loadConfig({ env, cwd: process.cwd() }),
    { version: '0.0.0-test' },
    { tools: conformanceTools, resources: conformanceResources, prompts: conformancePrompts },
  );
  await app.listen();
});
afterAll(async () => {
  await app.drain();
  await rm(folder, { recursive: true });
});

/** Names of the server scenarios that a revision requires. */
async function requiredBy(revision: string): Promise<string[]> {
  const suite = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
  const file = path.join(path.dirname(suite), 'requirements', `${revision}.yaml`);
  return (parse(await readFile(file, 'utf8')) as { server: string[] }).server;
}

function failuresOf(
  results: readonly ScenarioResult[],
  required: readonly string[],
): Record<string, unknown> {
  const failed = results.filter(
    ({ scenario, failures }) => required.includes(scenario) && failures.length > 0,
  );
  return Object.fromEntries(failed.map(({ scenario, failures }) => [scenario, failures]));
}

describe('the conformance suite', () => {
  it('finds every requirement of revision 2026-07-28 met', { timeout: 120_000 }, async () => {
    const required = await requiredBy('2026-07-28');
    const results = await runSuite(['server', '--url', app.mcpUrl.href, '--requirements', '2026-07-28']);
    expect(required.filter((name) => !results.some(({ scenario }) => scenario === name))).toEqual([]);
    expect(failuresOf(results, required)).toEqual({});
  });

  it(
    'finds every requirement of revision 2025-11-25 met that needs no session',
    { timeout: 120_000 },
    async () => {
      const required = await requiredBy('2025-11-25');
      const results = await runSuite(['server', '--url', app.mcpUrl.href, '--requirements', '2025-11-25']);
      expect(required.filter((name) => !results.some(({ scenario }) => scenario === name))).toEqual([]);
      expect(Object.keys(failuresOf(results, required)).toSorted()).toEqual(NEED_SESSIONS);
    },
  );
});
