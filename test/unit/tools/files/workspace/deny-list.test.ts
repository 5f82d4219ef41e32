import { describe, expect, it } from 'vitest';
import { filesOptions } from '../../../../../src/tools/files/options.ts';
import { DenyList } from '../../../../../src/tools/files/workspace/deny-list.ts';

describe('the deny list', () => {
  const usual = new DenyList(filesOptions.parse({}).deny);

  it.each([
    '/.env',
    '/.env.local',
    '/app/.ENV',
    '/.git',
    '/.git/config',
    '/sub/.git/hooks/x',
    '/.ssh/known_hosts',
    '/keys/server.pem',
    '/keys/server.KEY',
    '/id_rsa',
    '/home/id_rsa.pub',
    '/.npmrc',
    '/x.p12',
    '/\n.pem',
  ])('hides %j by default', (path) => {
    expect(usual.hides(path)).toBe(true);
  });

  it.each([
    '/',
    '/environment.md',
    '/.github/workflows/ci.yml',
    '/.gitignore',
    '/keynote.txt',
    '/a.pem.md',
    '/docs/key',
  ])('shows %j by default', (path) => {
    expect(usual.hides(path)).toBe(false);
  });

  it('takes a pattern with a slash from the root', () => {
    const list = new DenyList(['finance/payroll', '/private/', 'logs/**/*.raw']);
    expect(list.hides('/finance/payroll')).toBe(true);
    expect(list.hides('/finance/payroll/2026.csv')).toBe(true);
    expect(list.hides('/archive/finance/payroll')).toBe(false);
    expect(list.hides('/private/x')).toBe(true);
    expect(list.hides('/logs/a/b/c.raw')).toBe(true);
    expect(list.hides('/logs/a/b/c.txt')).toBe(false);
  });

  it("hides nothing when it is empty but what is the service's own", () => {
    const list = new DenyList([]);
    expect(list.hides('/.env')).toBe(false);
    expect(list.hides('/.fairleadrc')).toBe(false);
    for (const path of [
      '/.fairlead',
      '/.FAIRLEAD/trash/1/content',
      '/a/.fairlead-draft-x',
      '/a/.fairlead/b',
    ]) {
      expect(list.hides(path)).toBe(true);
    }
  });

  it('judges an entry of a folder that is shown by its own name and its path', () => {
    const list = new DenyList(['*.pem', 'a/b']);
    expect(list.hidesEntry('/x/y.pem')).toBe(true);
    expect(list.hidesEntry('/a/b')).toBe(true);
    expect(list.hidesEntry('/a/c')).toBe(false);
  });

  it('hands ripgrep only what both read alike, and judges the rest itself', () => {
    const list = new DenyList(['*.pem', '{a,b}.txt', 'x/y', 'note ', 'c++']);
    expect(list.globs).toEqual(['.fairlead', '.fairlead-draft-*', '*.pem']);
    for (const path of ['/b.txt', '/note ', '/c++']) expect(list.hidesBeyondGlobs(path)).toBe(true);
    expect(list.hidesBeyondGlobs('/x/y/z')).toBe(true);
    expect(list.hidesBeyondGlobs('/k.pem')).toBe(false);
  });

  it('refuses a pattern that would match nothing for being malformed', () => {
    expect(() => new DenyList(['{secret'])).toThrow(/"{secret" cannot be read/);
  });

  it('refuses a pattern that would take seconds to fail on a name made for it', () => {
    expect(() => new DenyList(['a/*a*a*a*b'])).toThrow(/more than 3 stars in one name/);
    expect(new DenyList(['**/*a*a*']).hides('/x/banana')).toBe(true);
  });
});
