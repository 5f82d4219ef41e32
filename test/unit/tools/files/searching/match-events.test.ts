import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { MatchEvents } from '../../../../../src/tools/files/searching/match-events.ts';

const COUNT = 40;
const MB = 1_000_000;

function event(number: number): Buffer {
  const lines = { text: `${'x'.repeat(3 * MB)}needle ${number}\n` };
  const data = { path: { text: 'a' }, lines, line_number: number, submatches: [{ start: 3 * MB }] };
  return Buffer.from(`${JSON.stringify({ type: 'match', data })}\n`);
}

/** Bytes that cannot be freed. */
function used(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

it('what is kept of lines of megabytes is what is shown of them', () => {
  const before = used();
  const events = new MatchEvents();
  for (let number = 1; number <= COUNT; number++) events.push(event(number));
  expect(used() - before).toBeLessThan(20 * MB);
  const found = events.linesOf('a');
  expect(found).toHaveLength(COUNT);
  expect(found.at(-1)?.text).toMatch(/^…x{491}needle 40$/);
});
