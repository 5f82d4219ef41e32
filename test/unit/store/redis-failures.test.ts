import { SimpleError } from '@redis/client';
import { expect, test } from 'vitest';
import { codeOf, reasonOf } from '../../../src/store/redis-failures.ts';

test('a reason does not repeat what was sent', () => {
  const answer = new SimpleError(`ERR unknown command 'SET', with args beginning with: 'key' 'value' `);
  expect(reasonOf(answer)).toMatchObject({ message: `ERR unknown command 'SET'`, code: 'ERR' });
  expect(reasonOf(answer).stack).not.toContain('value');
});

test('a reason keeps the code of what failed, and its own code is told the same', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  expect(codeOf(refused)).toBe('ECONNREFUSED');
  expect(codeOf(reasonOf(refused))).toBe('ECONNREFUSED');
  expect(codeOf(reasonOf(new SimpleError('NOSCRIPT No matching script.')))).toBe('NOSCRIPT');
  expect(codeOf(new Error('no code'))).toBeUndefined();
  expect(reasonOf('no error').message).toBe('Unknown failure');
});
