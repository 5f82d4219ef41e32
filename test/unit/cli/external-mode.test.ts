import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { run } from '../../../src/cli/index.ts';
import { surroundings } from './recorder.ts';

const ISSUER = `
    issuers:
      - issuer: http://127.0.0.1:9
        type: introspection
        clientId: fairlead
        clientSecret: a-secret-to-hide
`;

async function runWith(external: string, ...argv: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-external-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'fairlead.yaml');
  await writeFile(file, `auth:\n  mode: external\n  external:${external}`, { mode: 0o600 });
  const around = surroundings(argv, { FAIRLEAD_CONFIG: file, FAIRLEAD_DATA_DIR: folder });
  const status = await run(around);
  return { status, stdout: around.stdout.text, stderr: around.stderr.text };
}

it('the configuration of external issuers is checked without asking them, and shown without secrets', async () => {
  const { status, stdout, stderr } = await runWith(ISSUER, 'check');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('http://127.0.0.1:9');
  expect(stdout).not.toContain('to-hide');
});

it('mode external without an issuer is a mistake, reported with the configuration', async () => {
  const { status, stderr } = await runWith(' {}\n', 'check');
  expect(status).toBe(78);
  expect(stderr).toContain('auth.external.issuers');
  expect(stderr).toContain('nobody is named');
});

it('a subject is cut off and let in again, and both are noted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-external-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const telemetry = `telemetry:\n  auditFile: ${join(folder, 'audit.log')}\n`;
  await writeFile(
    join(folder, 'fairlead.yaml'),
    `auth:\n  mode: external\n  external:${ISSUER}${telemetry}`,
    {
      mode: 0o600,
    },
  );
  const env = { FAIRLEAD_CONFIG: join(folder, 'fairlead.yaml'), FAIRLEAD_DATA_DIR: folder };
  const texts: string[] = [];
  for (const command of ['disable', 'enable', 'enable']) {
    const around = surroundings(['users', command, 'corp:ada'], env);
    expect(await run(around)).toBe(0);
    texts.push(around.stdout.text);
  }
  expect(texts).toEqual([
    'Disabled corp:ada: no token for it counts, whoever issued it.\n',
    'Enabled corp:ada: its tokens count again.\n',
    'corp:ada was not disabled.\n',
  ]);
  const audited = await readFile(join(folder, 'audit.log'), 'utf8');
  expect(audited.match(/(?<="action":")[\w.]+/g)).toEqual(['subject.disabled', 'subject.enabled']);
});

it('accounts cannot be managed where they are not used', async () => {
  const { status, stderr } = await runWith(ISSUER, 'users', 'list');
  expect(status).toBe(78);
  expect(stderr).toContain('Accounts are not used: auth.mode is "external".');
});
