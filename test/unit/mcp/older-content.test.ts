import { expect, it } from 'vitest';
import { text } from '../../../src/core/content.ts';
import { resultIn } from '../../../src/mcp/older-content.ts';

const link = {
  type: 'resource_link',
  uri: 'fairlead://workspace/a.png',
  name: 'a.png',
  mimeType: 'image/png',
  size: 12,
} as const;
const audio = { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' } as const;
const result = { content: [text('first'), link, audio] };

const kinds = (revision: string): string[] => resultIn(revision, result).content.map(({ type }) => type);

it.each([
  ['2026-07-28', ['text', 'resource_link', 'audio']],
  ['2025-06-18', ['text', 'resource_link', 'audio']],
  ['2025-03-26', ['text', 'text', 'audio']],
  ['2024-11-05', ['text', 'text', 'text']],
])('in revision %s content is %j', (revision, expected) => {
  expect(kinds(revision)).toEqual(expected);
});

it('says in words what a link holds', () => {
  expect(resultIn('2025-03-26', result).content[1]).toEqual(
    text('Resource a.png: fairlead://workspace/a.png (image/png, 12 bytes)'),
  );
});
