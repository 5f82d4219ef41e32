import { expect, test } from 'vitest';
import { redisAddressOf } from '../../../src/store/redis-address.ts';

const PLAIN = { tls: false, host: 'h', port: 6379, username: undefined, password: undefined, database: 0 };

test.each([
  ['redis://h', {}],
  ['redis://h/', {}],
  ['redis://h:7000/3', { port: 7000, database: 3 }],
  ['rediss://redis.example.com/15', { tls: true, host: 'redis.example.com', database: 15 }],
  ['redis://:secret@h', { password: 'secret' }],
  ['redis://me:p%40ss%2Fw%C3%B6rd@h', { username: 'me', password: 'p@ss/wörd' }],
  ['redis://127.0.0.1', { host: '127.0.0.1' }],
  ['redis://[fd00::1]:6380', { host: 'fd00::1', port: 6380 }],
])('%s names a server', (url, expected) => {
  expect(redisAddressOf(url)).toEqual({ ...PLAIN, ...expected });
});

test.each([
  '',
  'redis:',
  'redis://',
  'redis:///0',
  'redis://:secret@',
  'redis://me@h',
  'redis://me:@h',
  'redis://:pa/ss@h',
  'redis://:pa#ss@h',
  'redis://:pa@ss@h',
  'redis://:100%@h',
  'redis://h:port',
  'redis://h:70000',
  'redis://h/name',
  'redis://h/1/2',
  'redis://h?tls=true',
  'redis://h#x',
  'redis://h h',
  'http://h',
  'sqlite:redis://h',
])('%s names none', (url) => {
  expect(redisAddressOf(url)).toBeUndefined();
});
