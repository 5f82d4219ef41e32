import { expect, it, test } from 'vitest';
import { fitsPattern } from '../../../../../src/tools/web/calling/path-pattern.ts';

test.each<[string, readonly string[], readonly string[]]>([
  ['/', ['/'], ['/a']],
  ['/users', ['/users'], ['/user', '/users/', '/users/1', '/Users']],
  ['/users/*', ['/users/1', '/users/(1)'], ['/users', '/users/', '/users/1/2']],
  ['/users/**', ['/users', '/users/', '/users/1/2'], ['/user', '/usersx']],
  ['/**/issues', ['/issues', '/a/issues', '/a/b/issues'], ['/issues/1', '/xissues']],
  ['/a/**/b/*/c', ['/a/b/x/c', '/a/b/b/x/c', '/a/b/c/b/x/c'], ['/a/b/c', '/a/b/x/c/d']],
  ['/v*.json', ['/v.json', '/v1.json', '/v1.json.json'], ['/v1/x.json', '/v1xjson']],
  ['/Users(1)', ['/Users(1)'], ['/Users1']],
])('the pattern %s fits what it stands for and nothing else', (pattern, fitting, others) => {
  for (const path of fitting) expect(fitsPattern(pattern, path), path).toBe(true);
  for (const path of others) expect(fitsPattern(pattern, path), path).toBe(false);
});

it('a pattern of many wildcards takes no longer for a path that was made to keep it busy', () => {
  expect(fitsPattern(`/${'a*'.repeat(50)}b`, `/${'a'.repeat(2000)}`)).toBe(false);
  expect(fitsPattern(`${'/**/a'.repeat(50)}/c`, '/a'.repeat(1000))).toBe(false);
});
