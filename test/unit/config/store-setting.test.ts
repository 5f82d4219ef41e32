import { expect, it } from 'vitest';
import { ConfigurationError, loadConfig } from '../../../src/config/index.ts';
import { renderEffective } from '../../../src/config/effective.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function shown(url: string): Promise<string | undefined> {
  const context = { env: { FAIRLEAD_STORE: url }, cwd: '/srv/fairlead' };
  const { settings } = await resolveSettings(configSchema, context);
  return /^ {2}url: (\S+)/m.exec(renderEffective(settings).replace(/^[^]*^store:/m, ''))?.[1];
}

async function problemsOf(env: Record<string, string>, cwd = '/srv/fairlead'): Promise<string> {
  const error = await loadConfig({ env, cwd }).catch((failure: unknown) => failure);
  return error instanceof ConfigurationError ? error.message : '';
}

it('shows where state is kept, but no URL that may hold a password', async () => {
  expect(await shown('sqlite:/var/lib/state.sqlite')).toBe('sqlite:/var/lib/state.sqlite');
  expect(await shown('redis://:sesame@redis:6379/0')).toBe('"********"');
});

it.each([
  'redis://:ses/ame@redis',
  'redis://:sesame',
  'redis://:sesame@redis/zero',
  'rediss://fairlead:sesame@redis:port',
  'redi://:sesame@redis',
])('refuses %s without repeating it', async (url) => {
  const problems = await problemsOf({ FAIRLEAD_STORE: url });
  expect(problems).toContain('FAIRLEAD_STORE');
  expect(problems).toMatch(/must be .*redis:\/\//);
  expect(problems).not.toContain('ame');
});

it('takes the URL from a file, as it does every secret', async () => {
  const folder = await temporaryFolder();
  await folder.write('store-url', 'rediss://fairlead:sesame@redis:6380/1\n', 0o600);
  const { store } = await loadConfig({ env: { FAIRLEAD_STORE_FILE: 'store-url' }, cwd: folder.path });
  expect(store.url).toBe('rediss://fairlead:sesame@redis:6380/1');
});

it('lets a file that everybody can read name a SQLite file, but no Redis', async () => {
  const folder = await temporaryFolder();
  await folder.write('sqlite.yaml', 'store: { url: "sqlite:state.sqlite" }\n', 0o644);
  await folder.write('redis.yaml', 'store: { url: "redis://redis" }\n', 0o644);
  expect(await problemsOf({ FAIRLEAD_CONFIG: 'sqlite.yaml' }, folder.path)).toBe('');
  const problems = await problemsOf({ FAIRLEAD_CONFIG: 'redis.yaml' }, folder.path);
  expect(problems).toContain('store.url');
  expect(problems).toContain('every user of this machine can read the file');
});
