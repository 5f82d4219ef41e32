import { describe, expect, it } from 'vitest';
import { ConfigurationError, loadConfig } from '../../../src/config/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const PROVIDERS = [
  '  identityProviders:',
  '    - { id: corp, name: Corp, issuer: https://login.example.com, clientId: fairlead, clientSecret: secret }',
];

async function load(mode: string, lines: readonly string[]) {
  const folder = await temporaryFolder();
  const yaml = ['auth:', `  mode: ${mode}`, ...lines].join('\n');
  const env = { FAIRLEAD_CONFIG: await folder.write('fairlead.yaml', yaml) };
  return await loadConfig({ env, cwd: folder.path }).catch((reason: unknown) => reason);
}

describe('identity providers in the configuration', () => {
  it('are needed in mode broker', async () => {
    expect(await load('broker', PROVIDERS)).toMatchObject({ auth: { mode: 'broker' } });
    const error = await load('broker', []);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain('people sign in at an identity provider, and none is named');
  });

  it.each(['embedded', 'none'])('are refused in mode %s, where nobody signs in at them', async (mode) => {
    const error = await load(mode, PROVIDERS);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).toContain(`nobody signs in at them in mode ${mode}`);
    expect(String(error)).not.toContain('secret');
    expect(String(error)).toMatch(/yaml:3 auth\.identityProviders\n/);
  });

  it.each([
    ['are no list', '{ id: corp, clientSecret: hidden }'],
    ['are lists themselves', '[[{ clientSecret: hidden }]]'],
    ['are misspelt', '[{ id: corp, name: Corp, issuer: https://a.example, clientId: f, secret: hidden }]'],
  ])('show no secret of theirs where they %s', async (_name, yaml) => {
    const error = String(await load('broker', [`  identityProviders: ${yaml}`]));
    expect(error).toContain('auth.identityProviders');
    expect(error).not.toContain('hidden');
  });

  it('are told how to be mended at the place that is wrong', async () => {
    const error = String(
      await load('broker', ['  identityProviders: [{ id: corp, issuer: http://a.example }]']),
    );
    expect(error).toMatch(/identityProviders\.0\.issuer\n.*\n {3}Fix: set it to a URL, for example https:/);
  });
});
