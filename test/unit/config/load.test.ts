import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfig } from '../../../src/config/index.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { cites } from '../../requirements.ts';

type Env = Record<string, string>;

const CWD = '/srv/fairlead';

async function problemsOf(env: Env, cwd = CWD): Promise<string[]> {
  try {
    await loadConfig({ env, cwd });
  } catch (error) {
    if (error instanceof ConfigurationError) {
      return error.problems.map(({ where, what }) => `${where}: ${what}`);
    }
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it(
    cites(
      ['2025-11-25/transports/localhost-only', '2026-07-28/streamable-http/localhost-only'],
      'needs nothing to be set',
    ),
    async () => {
      const config = await loadConfig({ env: {}, cwd: CWD });
      expect(config).toMatchObject({
        production: false,
        dataDir: '/srv/fairlead/data',
        http: { host: '127.0.0.1', port: 3000 },
        auth: { mode: 'embedded' },
      });
      expect(config).not.toHaveProperty('environment');
    },
  );

  it('knows the short names of what everyone sets', async () => {
    const config = await loadConfig({
      env: {
        HOST: '127.0.0.2',
        PORT: '4000',
        PUBLIC_URL: 'https://mcp.example.com',
        NODE_ENV: 'production',
        LOG_LEVEL: 'warn',
        LOG_FILE: '/var/log/fairlead.log',
        METRICS_TOKEN: 'scrape-me-if-you-can',
        FAIRLEAD_DATA_DIR: '/var/lib/fairlead',
        FAIRLEAD_WORKSPACE: '/srv/workspace',
        FAIRLEAD_STORE: 'sqlite:/var/lib/fairlead/state.sqlite',
        FAIRLEAD_READ_ONLY: 'yes',
        FAIRLEAD_OWNER_EMAIL: 'owner@example.com',
        FAIRLEAD_OWNER_PASSWORD: 'correct horse battery',
      },
      cwd: CWD,
    });
    expect(config).toMatchObject({
      production: true,
      dataDir: '/var/lib/fairlead',
      http: { host: '127.0.0.2', port: 4000, publicUrl: 'https://mcp.example.com' },
      auth: { owner: { email: 'owner@example.com', password: 'correct horse battery' } },
      store: { url: 'sqlite:/var/lib/fairlead/state.sqlite' },
      telemetry: { logLevel: 'warn', logFile: '/var/log/fairlead.log', metricsToken: 'scrape-me-if-you-can' },
      tools: { readOnly: true, files: { workspace: '/srv/workspace' } },
    });
  });

  it('reports all problems at once, each with its place and its fix', async () => {
    const folder = await temporaryFolder();
    const yaml = [
      'environment: staging',
      'dataDir: ${NOWHERE}',
      'colour: blue',
      'http:',
      '  publicUrl: ftp://mcp.example.com',
      '  trustProxy: everyone',
      '  allowedHosts: [https://mcp.example.com]',
      '  bodyLimitBytes: 12',
      '  rateLimit:',
      '    mcpPerMinute: 5',
      'auth:',
      '  mode: oauth',
      '  owner: { email: nobody }',
      '  clients:',
      '    - clientId: "with space"',
      '      name: One',
      '      secret: short',
      '      scopes: [files:raed]',
      'telemetry: [1]',
    ].join('\n');
    const env: Env = {
      FAIRLEAD_CONFIG: await folder.write('fairlead.yaml', yaml),
      PORT: '70000',
      FAIRLEAD_WORKSPASE: '/srv',
      FAIRLEAD_OWNER_PASSWORD_FILE: 'missing',
      FAIRLEAD_TOOLS_OUTPUT_TOKENS: 'many',
    };
    const error = await loadConfig({ env, cwd: folder.path }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigurationError);
    if (!(error instanceof ConfigurationError)) return;
    expect(error.code).toBe('CONFIGURATION_INVALID');
    const places = error.problems.map(({ where }) => where);
    expect(places.sort()).toEqual([
      'FAIRLEAD_OWNER_PASSWORD_FILE',
      'FAIRLEAD_TOOLS_OUTPUT_TOKENS',
      'FAIRLEAD_WORKSPASE',
      'PORT',
      'fairlead.yaml:1 environment',
      'fairlead.yaml:12 auth.mode',
      'fairlead.yaml:13 auth.owner.email',
      'fairlead.yaml:15 auth.clients.0.clientId',
      'fairlead.yaml:17 auth.clients.0.secret',
      'fairlead.yaml:18 auth.clients.0.scopes.0',
      'fairlead.yaml:19 telemetry',
      'fairlead.yaml:2 dataDir',
      'fairlead.yaml:3 colour',
      'fairlead.yaml:5 http.publicUrl',
      'fairlead.yaml:6 http.trustProxy',
      'fairlead.yaml:7 http.allowedHosts.0',
      'fairlead.yaml:8 http.bodyLimitBytes',
      'fairlead.yaml:9 http.rateLimit',
    ]);
    expect(error.message).toContain(`The configuration has ${error.problems.length} problems`);
    for (const { where, fix } of error.problems) {
      expect(error.message).toContain(where);
      expect(error.message).toContain(`Fix: ${fix}`);
    }
    expect(error.message).not.toContain('short');
  });

  it('reports what a section as a whole is refused for', async () => {
    expect(await problemsOf({ FAIRLEAD_OWNER_EMAIL: 'owner@example.com' })).toEqual([
      'FAIRLEAD_OWNER_EMAIL: the owner account needs both an e-mail address and a password',
    ]);
  });
});

describe('what is unsafe refuses to start', () => {
  const PUBLIC = 'https://mcp.example.com';

  it.each<[string, Env, string]>([
    ['production without a public URL', { NODE_ENV: 'production' }, 'PUBLIC_URL: in production'],
    [
      'production on plain http',
      { NODE_ENV: 'production', PUBLIC_URL: 'http://mcp.example.com' },
      'PUBLIC_URL: in production',
    ],
    ['an open host without a public URL', { HOST: '0.0.0.0' }, 'PUBLIC_URL: HOST lets other machines in'],
    [
      'no authentication on an open host',
      { FAIRLEAD_AUTH_MODE: 'none', HOST: '0.0.0.0' },
      'FAIRLEAD_AUTH_MODE',
    ],
    [
      'no authentication at a public URL',
      { FAIRLEAD_AUTH_MODE: 'none', PUBLIC_URL: PUBLIC },
      'FAIRLEAD_AUTH_MODE: none lets everybody in',
    ],
    [
      'no authentication under a further name',
      { FAIRLEAD_AUTH_MODE: 'none', FAIRLEAD_HTTP_ALLOWED_HOSTS: 'mcp.internal:80' },
      'FAIRLEAD_AUTH_MODE: none lets everybody in',
    ],
    [
      'state in memory in production',
      { NODE_ENV: 'production', PUBLIC_URL: PUBLIC, FAIRLEAD_STORE: 'memory' },
      'FAIRLEAD_STORE: memory forgets',
    ],
    [
      'a workspace with the data folder in it',
      { FAIRLEAD_WORKSPACE: '.' },
      'FAIRLEAD_WORKSPACE: every client could read what lies in it: the data folder with its keys',
    ],
    [
      'a workspace with logs in it',
      { FAIRLEAD_WORKSPACE: '/srv/files', LOG_FILE: '/srv/files/fairlead.log' },
      'FAIRLEAD_WORKSPACE: every client could read what lies in it: the log',
    ],
  ])('%s', async (_name, env, expected) => {
    const problems = await problemsOf(env);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(expected);
  });

  it('a workspace that reaches the data folder over a link', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder.path, 'real'));
    await symlink(join(folder.path, 'real'), join(folder.path, 'link'));
    const env = { FAIRLEAD_WORKSPACE: 'real', FAIRLEAD_DATA_DIR: 'link/data' };
    expect(await problemsOf(env, folder.path)).toHaveLength(1);
  });

  it.each<[string, Env]>([
    ['production at an https URL', { NODE_ENV: 'production', PUBLIC_URL: PUBLIC, HOST: '0.0.0.0' }],
    [
      'no authentication on this machine',
      { FAIRLEAD_AUTH_MODE: 'none', PUBLIC_URL: 'http://localhost:3000' },
    ],
    ['a workspace beside the data folder', { FAIRLEAD_WORKSPACE: 'data-sheets', FAIRLEAD_DATA_DIR: 'data' }],
    ['a data folder that contains the workspace', { FAIRLEAD_WORKSPACE: 'data/workspace' }],
  ])('but not %s', async (_name, env) => {
    expect(await problemsOf(env)).toEqual([]);
  });
});
