import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAccounts } from '../../../src/auth/index.ts';
import { PasswordHasher } from '../../../src/auth/server/sign-in/password.ts';
import { run } from '../../../src/cli/index.ts';
import { openStore } from '../../../src/store/index.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';
import { surroundings } from './recorder.ts';

const RULES = [
  { name: 'nightly', subjects: ['report'], scopes: ['data:read'] },
  { name: 'analysts', groups: ['analysts'], clients: ['https://agent.example/*'], scopes: ['files:read'] },
  { name: 'ada', subjects: ['ada@example.com'], tools: ['info'], limits: { callsPerMinute: 5 } },
];
const CLIENT = 'https://agent.example/client.json';
const SERVICE = {
  clientId: 'report',
  name: 'Report',
  secret: 'a-secret-of-at-least-thirty-two-characters',
  scopes: ['files:read'],
};

let folder: string;
let adasId: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-explain-'));
  const configuration = { policy: { rules: RULES }, auth: { clients: [SERVICE] } };
  await writeFile(path.join(folder, 'fairlead.yaml'), JSON.stringify(configuration), { mode: 0o600 });
  const store = await openStore({ url: 'sqlite' }, { dataDir: folder, logger: recordTelemetry().logger });
  const accounts = openAccounts({ store, hasher: new PasswordHasher(10) });
  const password = 'correct horse battery staple';
  adasId = (await accounts.add({ email: 'ada@example.com', password, role: 'owner' })).id;
  const { id } = await accounts.add({ email: 'bob@example.com', password, role: 'member' });
  await accounts.update(id, { groups: ['analysts'] });
  const gone = await accounts.add({ email: 'gone@example.com', password, role: 'owner' });
  await accounts.update(gone.id, { groups: ['analysts'], disabledAt: '2026-01-01T00:00:00Z' });
  await store.close();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fairlead(argv: readonly string[], env: Record<string, string> = {}) {
  const around = surroundings(argv, {
    FAIRLEAD_CONFIG: path.join(folder, 'fairlead.yaml'),
    FAIRLEAD_DATA_DIR: folder,
    FAIRLEAD_WORKSPACE: path.join(folder, 'workspace'),
    ...env,
  });
  const status = await run(around);
  return { status, stdout: around.stdout.text, stderr: around.stderr.text };
}

const explain = (argv: readonly string[], env?: Record<string, string>) =>
  fairlead(['policy', 'explain', ...argv], env);

describe('fairlead policy explain', () => {
  it('ends with 0 where the call is allowed, and says which rule decides', async () => {
    const { status, stdout, stderr } = await explain(['bob@example.com', CLIENT, 'read_file']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^ok +account +bob@example\.com \(\S+\), member$/m);
    expect(stdout).toMatch(/^ok +groups +analysts$/m);
    expect(stdout).toMatch(/^- +rule "nightly" +does not fit: its subjects are report$/m);
    expect(stdout).toMatch(/^ok +rule "analysts" +fits and decides/m);
    expect(stdout).toMatch(/\nAllowed\.\n$/);
  });

  it.each([
    ['another application', ['bob@example.com', 'agent', 'read_file'], /^NO +rules +none fits/m],
    [
      'a tool that the rule leaves out',
      ['ada@example.com', 'agent', 'read_file'],
      /^NO +tools +the rule allows info$/m,
    ],
    [
      'an unknown account',
      ['eve@example.com', CLIENT, 'read_file'],
      /^NO +account +there is none for eve@example\.com$/m,
    ],
    ['a disabled account', ['gone@example.com', CLIENT, 'read_file'], /^NO +account +disabled since 2026/m],
    [
      'an unknown tool',
      ['bob@example.com', CLIENT, 'read_fil'],
      /^NO +tool +there is no read_fil; there are .*read_file/m,
    ],
    [
      'a scope that does not count',
      ['report', 'report', 'read_file'],
      /^NO +scopes +only data:read counts, and the tool needs files:read$/m,
    ],
  ])('ends with 1 for %s', async (_what, argv, line) => {
    const { status, stdout } = await explain(argv);
    expect(stdout).toMatch(line);
    expect(stdout).toMatch(/\nDenied\.\n$/);
    expect(status).toBe(1);
  });

  it('finds an account by its id, and takes groups that are given beside its own', async () => {
    expect((await explain([adasId, CLIENT, 'read_file'])).status).toBe(1);
    const { status, stdout } = await explain([
      adasId,
      CLIENT,
      'read_file',
      '--group',
      'x',
      '--group',
      'analysts',
    ]);
    expect(stdout).toMatch(/^ok +groups +x, analysts$/m);
    expect(status).toBe(0);
  });

  it('prints JSON for programs', async () => {
    const { status, stdout } = await explain(['ada@example.com', 'agent', 'info', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      allowed: true,
      subject: 'ada@example.com',
      client: 'agent',
      tool: 'info',
      steps: expect.arrayContaining([
        { verdict: 'ok', about: 'limits', text: '5 calls a minute' },
      ]) as unknown,
    });
  });

  describe('of the tools that lead to others', () => {
    const longTail = {
      FAIRLEAD_TOOLS_CUSTOM_FILES: path.resolve('examples/tools/add-numbers.ts'),
      FAIRLEAD_MCP_MAX_LISTED_TOOLS: '3',
    };

    it.each([
      {
        who: 'may use more than are listed',
        argv: ['bob@example.com', CLIENT],
        told: /leave \d+ of[^]*lists it where/,
      },
      { who: 'may use few', argv: ['ada@example.com', 'agent'], told: /leave 1 of \d+ [^]*does not list it/ },
      {
        who: 'may use none',
        argv: ['bob@example.com', 'agent'],
        told: /leave 0 of \d+ [^]*does not list it/,
      },
    ])('says what they come to for who $who', async ({ who, argv, told }) => {
      for (const tool of ['search_tools', 'call_tool']) {
        const answer = await explain([...argv, tool], longTail);
        expect(answer.stdout).toMatch(new RegExp(`^ok +tool +${tool} leads to other tools`, 'm'));
        expect(answer.stdout).toMatch(told);
        expect(answer.status).toBe(who === 'may use none' ? 1 : 0);
      }
    });

    it('says that they are not there where all tools are listed', async () => {
      const { status, stdout } = await explain(['bob@example.com', CLIENT, 'call_tool']);
      expect(stdout).toMatch(/there is no call_tool/);
      expect(status).toBe(1);
    });
  });

  it('knows no accounts where an identity provider has them, or the server keeps them in memory', async () => {
    const env = { FAIRLEAD_STORE: 'memory' };
    const { status, stdout } = await explain(['anybody', CLIENT, 'read_file', '--group', 'analysts'], env);
    expect(stdout).toMatch(/^- +account /m);
    expect(status).toBe(0);
  });

  it('says that nothing is asked where everybody may do everything', async () => {
    const { status, stdout } = await explain(['anybody', 'any', 'read_file'], { FAIRLEAD_AUTH_MODE: 'none' });
    expect(stdout).toMatch(/no rule is asked/);
    expect(status).toBe(0);
  });

  it('says what read-only mode leaves out', async () => {
    const { stdout } = await explain(['bob@example.com', CLIENT, 'read_file'], {
      FAIRLEAD_READ_ONLY: 'true',
    });
    expect(stdout).toMatch(/^ok +read-only mode +leaves out what does more than read$/m);
  });
});

describe('fairlead users groups', () => {
  it('puts an account into groups, tells them, and takes them away', async () => {
    const groups = (...argv: string[]) => fairlead(['users', 'groups', 'ada@example.com', ...argv]);
    expect((await groups()).stdout).toBe('ada@example.com is in no group.\n');
    expect((await groups('staff', 'admins', 'staff')).stdout).toBe('ada@example.com is in staff, admins.\n');
    expect((await groups()).stdout).toBe('ada@example.com is in staff, admins.\n');
    expect((await groups('--none')).stdout).toBe('ada@example.com is in no group.\n');
    expect(await groups('--none', 'staff')).toMatchObject({ status: 1 });
    const unknown = await fairlead(['users', 'groups', 'eve@example.com', 'staff']);
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('no account') as string });
  });
});
