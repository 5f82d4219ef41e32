import { parse } from 'yaml';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { renderEffective } from '../../../src/config/effective.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { setting } from '../../../src/core/setting.ts';
import { sampleSchema } from './sample-schema.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function effective(env: Record<string, string>, yaml = '') {
  const folder = await temporaryFolder();
  const name = await folder.write('fairlead.yaml', yaml);
  const { settings } = await resolveSettings(sampleSchema, {
    env: { ...env, FAIRLEAD_CONFIG: name },
    cwd: folder.path,
  });
  return renderEffective(settings);
}

it('shows each setting with its value and its source', async () => {
  const text = await effective({ PORT: '81' }, 'name: "12"\n');
  expect(text.replace(/ +#/g, ' #').split('\n')).toEqual([
    'name: "12" # fairlead.yaml:1',
    'http:',
    '  port: 81 # PORT',
    '  trustProxy: false # default',
    '  allowedHosts: [] # default',
    '  timeoutMs: 1000 # default',
    'auth:',
    '  mode: embedded # default',
    ' # password: not set',
    '  clients: [] # default',
    '',
  ]);
});

it('can be read back as YAML', async () => {
  const text = await effective({ FAIRLEAD_NAME: 'yes', FAIRLEAD_HTTP_ALLOWED_HOSTS: 'a.example,1.2' });
  expect(parse(text)).toMatchObject({
    name: 'yes',
    http: { port: 3000, allowedHosts: ['a.example', '1.2'] },
  });
});

it('masks secrets, those inside of lists and URLs too', async () => {
  const text = await effective(
    { FAIRLEAD_AUTH_PASSWORD: 'hunter2-hunter2', FAIRLEAD_NAME: 'redis://:hunter2@db.example/0' },
    'auth:\n  clients: [{ id: ci, secret: hunter2 }]\n',
  );
  expect(text).not.toContain('hunter2');
  expect(text).toContain('password: "********"');
  expect(text).toContain('{"id":"ci","secret":"********","ttlSeconds":60}');
  expect(text).toContain('redis://:********@db.example/0');
});

it('shows that a list of secrets is empty', async () => {
  const schema = z.object({
    tokens: setting(z.array(z.string()).default([]), {
      description: 'Secrets.',
      example: ['x'],
      secret: true,
    }),
  });
  const { settings } = await resolveSettings(schema, { env: {}, cwd: '/' });
  expect(parse(renderEffective(settings))).toEqual({ tokens: [] });
});
