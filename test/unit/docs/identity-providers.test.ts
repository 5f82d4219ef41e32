import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authOptions } from '../../../src/auth/options.ts';

const document = readFileSync(new URL('../../../docs/identity-providers.md', import.meta.url), 'utf8');

const recipes = document.split(/\n## /).flatMap((section) => {
  const blocks = [...section.matchAll(/```yaml\n(auth:\n[^]*?)```/g)];
  return blocks.map(([, yaml = '']): [string, string] => [section.split('\n', 1)[0] ?? '', yaml]);
});

describe('the recipes for identity providers', () => {
  it('are there for each that is named, in the modes that it can be used in', () => {
    const modes = recipes.map(([name, yaml]) => `${name}: ${/mode: (\w+)/.exec(yaml)?.[1] ?? ''}`);
    expect(modes.sort()).toEqual([
      'Any server with introspection: external',
      'Auth0: broker',
      'Auth0: external',
      'Entra ID: broker',
      'Entra ID: external',
      'Google: broker',
      'Keycloak: broker',
      'Keycloak: external',
      'Okta: broker',
      'Okta: external',
    ]);
  });

  it.each(recipes)('%s: is a configuration that the service takes', (_name, yaml) => {
    const { auth } = parse(yaml) as { auth: Record<string, unknown> };
    const sections = { owner: {}, login: {}, registration: {}, metadataDocuments: {}, connections: {} };
    expect(authOptions.safeParse({ ...sections, ...auth }).error).toBeUndefined();
  });
});
