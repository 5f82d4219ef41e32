import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suiteFolder } from './requirements.ts';

const CLI = path.join(suiteFolder(), 'dist/index.js');

export interface ScenarioResult {
  readonly scenario: string;
  readonly passed: number;
  /** What the failed checks say. */
  readonly failures: readonly string[];
  /** What was found wanting where the protocol only recommends. */
  readonly warnings: readonly string[];
}

interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

/**
 * Runs the conformance suite's command line and answers what each scenario found.
 *
 * @param onOutput sees what the suite prints, for scenarios that wait for a person
 */
export async function runSuite(
  args: readonly string[],
  onOutput: (text: string) => void = () => undefined,
): Promise<ScenarioResult[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-conformance-'));
  try {
    const suite = spawn(process.execPath, [CLI, ...args, '--output-dir', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    suite.stdout.on('data', (chunk: Buffer) => {
      onOutput(chunk.toString());
    });
    suite.stderr.resume();
    await once(suite, 'exit');
    const runs = await readdir(folder);
    return await Promise.all(runs.toSorted().map((run) => readResult(folder, run)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function readResult(folder: string, run: string): Promise<ScenarioResult> {
  const checks = JSON.parse(await readFile(path.join(folder, run, 'checks.json'), 'utf8')) as Check[];
  return {
    // The folder is named for the kind, the scenario and the time.
    scenario: run.replace(/^(authorization-server|server)-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, ''),
    passed: checks.filter((check) => check.status === 'SUCCESS').length,
    failures: said(checks, 'FAILURE'),
    warnings: said(checks, 'WARNING'),
  };
}

function said(checks: readonly Check[], status: Check['status']): string[] {
  return checks
    .filter((check) => check.status === status)
    .map((check) => `${check.id}: ${check.errorMessage ?? 'failed'}`);
}
