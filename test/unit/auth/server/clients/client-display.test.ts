import { describe, expect, it } from 'vitest';
import { displayName, redirectTarget } from '../../../../../src/auth/server/clients/client-display.ts';

describe('the name of a client', () => {
  it.each([
    ['Claude Code', 'Claude Code'],
    ['  a\n  b\t', 'a b'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['zero\u200bwidth', 'zerowidth'],
    ['Hafen ⚓', 'Hafen ⚓'],
    ['\u2066\u2069', 'client-1'],
    [undefined, 'client-1'],
  ])('%j is shown as %j', (name, shown) => {
    expect(displayName(name, 'client-1')).toBe(shown);
  });
});

describe('where a redirect URI leads', () => {
  it.each([
    ['https://app.example.com/callback', { kind: 'web', name: 'app.example.com' }],
    ['http://127.0.0.1:8976/callback', { kind: 'loopback', name: '127.0.0.1:8976' }],
    ['http://localhost/callback', { kind: 'loopback', name: 'localhost' }],
    ['http://[::1]:80/', { kind: 'loopback', name: '[::1]' }],
    ['cursor://anysphere/callback', { kind: 'app', name: 'cursor' }],
    ['https://127.0.0.1.example.com/', { kind: 'web', name: '127.0.0.1.example.com' }],
  ])('%s', (uri, target) => {
    expect(redirectTarget(uri)).toEqual(target);
  });
});
