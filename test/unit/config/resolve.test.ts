import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/core/configuration-error.ts';
import { resolveSettings } from '../../../src/config/resolve.ts';
import { sampleSchema } from './sample-schema.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function resolveWith(env: Record<string, string>, yaml?: string, mode?: number) {
  const folder = await temporaryFolder();
  await folder.write('password', 'long enough\n');
  await folder.write('empty', '\n');
  await folder.write('open', 'long enough', 0o644);
  if (yaml !== undefined) await folder.write('file.yaml', yaml, mode);
  const file = yaml === undefined ? {} : { FAIRLEAD_CONFIG: 'file.yaml' };
  return await resolveSettings(sampleSchema, { env: { ...file, ...env }, cwd: folder.path });
}

function texts(problems: readonly Problem[]): string[] {
  return problems.map(({ where, what, fix }) => `${where} | ${what} | ${fix}`);
}

describe('precedence', () => {
  it('takes the default where nothing is set', async () => {
    const { config, problems } = await resolveWith({});
    expect(problems).toEqual([]);
    expect(config?.http).toEqual({ port: 3000, trustProxy: false, allowedHosts: [], timeoutMs: 1000 });
  });

  it('lets the file win over the default, and the environment over the file', async () => {
    const yaml = 'name: from-file\nhttp:\n  port: 4000\n';
    const { config, settings } = await resolveWith({ PORT: '5000' }, yaml);
    expect(config?.name).toBe('from-file');
    expect(config?.http.port).toBe(5000);
    const origins = Object.fromEntries(settings.map(({ key, origin }) => [key, origin]));
    expect(origins['http.port']).toBe('PORT');
    expect(origins['name']).toBe('file.yaml:1');
    expect(origins['auth.mode']).toBeUndefined();
  });

  it('takes an empty variable and an empty key of the file for unset', async () => {
    const { config, problems } = await resolveWith(
      { PORT: '', FAIRLEAD_NAME: '' },
      'http:\n  port:\nauth:\n',
    );
    expect(problems).toEqual([]);
    expect(config?.http.port).toBe(3000);
    expect(config?.name).toBe('ring');
  });
});

describe('environment variables', () => {
  it('are read as the type of their setting', async () => {
    const { config, problems } = await resolveWith({
      PORT: '8080',
      FAIRLEAD_HTTP_TRUST_PROXY: 'yes',
      FAIRLEAD_HTTP_ALLOWED_HOSTS: 'a.example, b.example,',
      FAIRLEAD_HTTP_TIMEOUT_MS: '250',
      FAIRLEAD_NAME: '42',
    });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      name: '42',
      http: { port: 8080, trustProxy: true, allowedHosts: ['a.example', 'b.example'], timeoutMs: 250 },
    });
  });

  it.each([
    ['true', true],
    ['1', true],
    ['YES', true],
    ['false', false],
    ['0', false],
    ['no', false],
  ])('%s is the boolean %s', async (text, value) => {
    const { config } = await resolveWith({ FAIRLEAD_HTTP_TRUST_PROXY: text });
    expect(config?.http.trustProxy).toBe(value);
  });

  it('of an unknown name are reported with the nearest valid one', async () => {
    const { problems } = await resolveWith({ FAIRLEAD_AUTH_MOED: 'none', FAIRLEAD_ZZZZZZZZZZZZ: '1' });
    expect(texts(problems)).toEqual([
      'FAIRLEAD_AUTH_MOED | there is no setting of this name | did you mean FAIRLEAD_AUTH_MODE?',
      expect.stringContaining('FAIRLEAD_ZZZZZZZZZZZZ | there is no setting of this name | unset it'),
    ]);
  });

  it('that Kubernetes makes for a service named fairlead are not taken for settings', async () => {
    const { problems } = await resolveWith({
      FAIRLEAD_SERVICE_HOST: '10.0.0.11',
      FAIRLEAD_SERVICE_PORT: '80',
      FAIRLEAD_SERVICE_PORT_HTTP: '80',
      FAIRLEAD_PORT: 'tcp://10.0.0.11:80',
      FAIRLEAD_PORT_80_TCP: 'tcp://10.0.0.11:80',
      FAIRLEAD_PORT_80_TCP_PROTO: 'tcp',
      FAIRLEAD_PORT_80_TCP_PORT: '80',
      FAIRLEAD_PORT_80_TCP_ADDR: '10.0.0.11',
      FAIRLEAD_REDIS_SERVICE_HOST: '10.0.0.12',
    });
    expect(problems).toEqual([]);
  });

  it('that do not fit are shown with what is expected and an example', async () => {
    const { problems } = await resolveWith({
      PORT: '70000',
      FAIRLEAD_AUTH_MODE: 'externl',
      FAIRLEAD_HTTP_TRUST_PROXY: 'maybe',
    });
    expect(texts(problems)).toEqual([
      'PORT | 70000 is not a whole number from 0 to 65535 | set it to a whole number from 0 to 65535, for example 8080, or leave it out',
      'FAIRLEAD_HTTP_TRUST_PROXY | "maybe" is not true or false | set it to true or false, for example true, or leave it out',
      'FAIRLEAD_AUTH_MODE | "externl" is not one of embedded, external, none; did you mean external? | set it to one of embedded, external, none, for example external, or leave it out',
    ]);
  });
});

describe('secrets', () => {
  it('are read from the file that <NAME>_FILE names, without its last newline', async () => {
    const { config, settings, problems } = await resolveWith({ FAIRLEAD_AUTH_PASSWORD_FILE: 'password' });
    expect(problems).toEqual([]);
    expect(config?.auth.password).toBe('long enough');
    const origin = settings.find(({ key }) => key === 'auth.password')?.origin;
    expect(origin).toBe('FAIRLEAD_AUTH_PASSWORD_FILE');
  });

  it('given both directly and by file are refused', async () => {
    const { problems } = await resolveWith({
      FAIRLEAD_AUTH_PASSWORD: 'long enough',
      FAIRLEAD_AUTH_PASSWORD_FILE: 'password',
    });
    expect(texts(problems)).toEqual([
      'FAIRLEAD_AUTH_PASSWORD_FILE | FAIRLEAD_AUTH_PASSWORD is set as well | set either FAIRLEAD_AUTH_PASSWORD or FAIRLEAD_AUTH_PASSWORD_FILE',
    ]);
  });

  it('in a missing, empty or world-readable file are refused', async () => {
    const found = [];
    for (const name of ['missing', 'empty', 'open']) {
      found.push(...texts((await resolveWith({ FAIRLEAD_AUTH_PASSWORD_FILE: name })).problems));
    }
    expect(found).toEqual([
      expect.stringContaining('missing cannot be read (ENOENT)'),
      expect.stringContaining('empty is empty'),
      'FAIRLEAD_AUTH_PASSWORD_FILE | every user of this machine can read open | chmod 600 open',
    ]);
  });

  it('are never shown in a problem', async () => {
    const { problems } = await resolveWith(
      { FAIRLEAD_AUTH_PASSWORD: 'hunter2' },
      'auth:\n  clients:\n    - id: ci\n      secret: [hunter2]\n',
    );
    expect(problems.map(({ what }) => what)).toEqual([
      'the value is not text of at least 8 characters',
      'the value is not text',
    ]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('written into a world-readable file are refused, references to variables are not', async () => {
    const literal = await resolveWith({}, 'auth:\n  password: long enough\n', 0o644);
    expect(texts(literal.problems)).toEqual([
      expect.stringContaining('file.yaml:2 auth.password | holds a secret, and every user'),
    ]);
    const nested = await resolveWith({}, 'auth:\n  clients: [{ id: ci, secret: s3cret }]\n', 0o644);
    expect(nested.problems).toHaveLength(1);
    const reference = await resolveWith({ PW: 'long enough' }, 'auth:\n  password: ${PW}\n', 0o644);
    expect(reference.problems).toEqual([]);
    const closed = await resolveWith({}, 'auth:\n  password: long enough\n', 0o640);
    expect(closed.problems).toEqual([]);
  });

  it('alone are read from files', async () => {
    const { problems } = await resolveWith({ FAIRLEAD_NAME_FILE: 'x' });
    expect(texts(problems)).toEqual([
      'FAIRLEAD_NAME_FILE | only secrets are read from a file of their own | set FAIRLEAD_NAME',
    ]);
  });
});

describe('references in the file', () => {
  it('are replaced by the variable, or by their default', async () => {
    const yaml = [
      'name: ${PREFIX}-${SUFFIX:-two}-${EMPTY:-three}$${x}$$',
      'http:',
      '  port: ${MY_PORT}',
      '  allowedHosts: ["${HOST_A}", b.example]',
      'auth:',
      '  clients: [{ id: a, secret: "${S}", ttlSeconds: "${TTL:-30}" }]',
    ].join('\n');
    const { config, problems } = await resolveWith(
      { PREFIX: 'one', EMPTY: '', MY_PORT: '81', HOST_A: 'a.example', S: 'x' },
      yaml,
    );
    expect(problems).toEqual([]);
    expect(config).toMatchObject({
      name: 'one-two-three${x}$$',
      http: { port: 81, allowedHosts: ['a.example', 'b.example'] },
      auth: { clients: [{ id: 'a', secret: 'x', ttlSeconds: 30 }] },
    });
  });

  it('to an unset variable and malformed ones are problems', async () => {
    const yaml = 'name: ${ABSENT}\nhttp:\n  allowedHosts:\n    - ${not a name}\n    - "${OPEN"\n';
    const { problems } = await resolveWith({}, yaml);
    expect(texts(problems)).toEqual([
      'file.yaml:1 name | the environment variable ABSENT is not set | set ABSENT, or give a default: ${ABSENT:-…}',
      expect.stringContaining('file.yaml:4 http.allowedHosts.0 | "${not a name}" is not a reference'),
      expect.stringContaining('file.yaml:5 http.allowedHosts.1 | "${OPEN" is not a reference'),
    ]);
  });
});

describe('the file', () => {
  it('that cannot be read is one problem', async () => {
    const { problems } = await resolveWith({ FAIRLEAD_CONFIG: 'nowhere.yaml' });
    expect(texts(problems)).toEqual([
      'FAIRLEAD_CONFIG | the file "nowhere.yaml" cannot be read (ENOENT) | name a YAML file that this user may read, or unset FAIRLEAD_CONFIG',
    ]);
  });

  it('with broken syntax is reported with the line', async () => {
    const { problems } = await resolveWith({}, 'name: ring\nhttp: [1\n');
    expect(problems[0]?.where).toMatch(/^file\.yaml:[23]$/);
    expect(problems).toHaveLength(1);
  });

  it('may use anchors', async () => {
    const { config, problems } = await resolveWith({}, 'name: &n rope\nhttp:\n  allowedHosts: [*n]\n');
    expect(problems).toEqual([]);
    expect(config?.http.allowedHosts).toEqual(['rope']);
  });

  it('names every unknown key with the line and what was meant', async () => {
    const yaml = [
      'port: 1',
      'http:',
      '  prot: 2',
      'auth:',
      '  clients:',
      '    - id: ci',
      '      secrt: x',
      '      secret: y',
      'telemetri: 5',
    ].join('\n');
    const { problems } = await resolveWith({}, yaml);
    expect(texts(problems)).toEqual([
      'file.yaml:1 port | there is no setting of this name | did you mean http.port?',
      'file.yaml:3 http.prot | there is no setting of this name | did you mean port?',
      'file.yaml:7 auth.clients.0.secrt | there is no setting of this name | did you mean secret?',
      'file.yaml:9 telemetri | there is no setting of this name | remove it, or use one of: name, http, auth',
    ]);
  });

  it('says of each value that does not fit where it is and what belongs there', async () => {
    const yaml = [
      'name: 5',
      'http: 7',
      'auth:',
      '  clients:',
      '    - id: ci',
      '    - id: cd',
      '      secret: x',
      '      ttlSeconds: soon',
    ].join('\n');
    const { problems } = await resolveWith({}, yaml);
    expect(texts(problems)).toEqual([
      expect.stringContaining(
        'file.yaml:2 http | a section with keys belongs here | write below it any of: port',
      ),
      expect.stringContaining('file.yaml:1 name | 5 is not text of at least 2 characters; put it in quotes'),
      expect.stringContaining('file.yaml:5 auth.clients.0.secret | secret is missing'),
      expect.stringContaining('file.yaml:8 auth.clients.1.ttlSeconds | "soon" is not a whole number'),
    ]);
  });
});
