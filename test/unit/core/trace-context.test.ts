import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { childOf, readTraceContext, traceHeaders } from '../../../src/core/trace-context.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT_ID = 'b7ad6b7169203331';
const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;

describe('traceparent', () => {
  it('is read as the recommendation has it', () => {
    expect(readTraceContext({ traceparent })).toEqual({
      traceId: TRACE_ID,
      parentId: PARENT_ID,
      flags: '01',
      state: undefined,
      baggage: undefined,
    });
  });

  it.each([
    ['of a later version', `01-${TRACE_ID}-${PARENT_ID}-00`],
    ['of a later version, with more in it', `cc-${TRACE_ID}-${PARENT_ID}-00-what-the-future-brings`],
  ])('%s is read as far as it is known', (_what, later) => {
    const trace = readTraceContext({ traceparent: later });
    expect(trace).toMatchObject({ traceId: TRACE_ID, parentId: PARENT_ID });
    expect(trace && traceHeaders(trace)).toEqual({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-00` });
  });

  it.each([
    ['ff', '03'],
    ['fe', '02'],
    ['08', '00'],
  ])('loses flags that are not known (%s)', (given, kept) => {
    expect(readTraceContext({ traceparent: `00-${TRACE_ID}-${PARENT_ID}-${given}` })?.flags).toBe(kept);
  });

  it.each([
    ['empty', ''],
    ['something else', 'hello'],
    ['of the forbidden version', `ff-${TRACE_ID}-${PARENT_ID}-01`],
    ['in capitals', traceparent.toUpperCase()],
    ['of a trace of zeros', `00-${'0'.repeat(32)}-${PARENT_ID}-01`],
    ['of a parent of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['too short', traceparent.slice(0, -1)],
    ['longer than its version allows', `${traceparent}-00`],
    ['run on', `${traceparent}00`],
    ['run on in a later version', `01${traceparent.slice(2)}0`],
    ['without dashes', traceparent.replaceAll('-', '')],
    ['of other digits', `00-${TRACE_ID.replace('a', 'g')}-${PARENT_ID}-01`],
    ['sent twice', `${traceparent}, ${traceparent}`],
    ['with space around it', ` ${traceparent}`],
    ['followed by a line', `${traceparent}\n`],
    ['followed by a line of a later version', `01${traceparent.slice(2)}-x\r\nevil: 1`],
    ['oversized', `01${traceparent.slice(2)}-${'x'.repeat(1000)}`],
    ['no text', { traceparent }],
    ['a list', [traceparent]],
  ])('that is %s counts as absent', (_what, value) => {
    expect(readTraceContext({ traceparent: value, tracestate: 'a=1' })).toBeUndefined();
  });

  it('is never anything but its digits, whatever is sent', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => traceparent + text),
        ),
        (value) => {
          const trace = readTraceContext({ traceparent: value });
          if (trace === undefined) return;
          expect(traceHeaders(trace)['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const stateOf = (tracestate: unknown) => readTraceContext({ traceparent, tracestate })?.state;

describe('tracestate', () => {
  it.each([
    'rojo=00f067aa0ba902b7',
    'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    ' a=1 ,\tb=2 , ,c=3',
    'tenant@vendor=x y z',
    '1tenant@vendor=a',
    `${'k'.repeat(256)}=${'v'.repeat(256)}`,
    Array.from({ length: 32 }, (_, index) => `k${String(index)}=v`).join(','),
  ])('is kept as it came: %s', (text) => {
    expect(stateOf(text)).toBe(text);
  });

  it.each([
    ['empty', ''],
    ['nothing but commas', ' , ,'],
    ['of a key without a value', 'a'],
    ['of an empty value', 'a='],
    ['of a value that holds an equals sign', 'a=b=c'],
    ['of a key in capitals', 'A=1'],
    ['of a key that begins with a digit', '1a=1'],
    ['of a key that is too long', `${'k'.repeat(257)}=v`],
    ['of a value that is too long', `k=${'v'.repeat(257)}`],
    ['of a key twice', 'a=1,b=2,a=3'],
    ['of more members than are allowed', Array.from({ length: 33 }, (_, i) => `k${String(i)}=v`).join(',')],
    ['oversized', Array.from({ length: 32 }, (_, i) => `k${String(i)}=${'v'.repeat(256)}`).join(',')],
    ['with a line in it', 'a=1\r\nevil: 1'],
    ['with a line between members', 'a=1,\nb=2'],
    ['not ASCII', 'a=ü'],
    ['no text', 7],
  ])('that is %s is dropped, and the parent stays', (_what, value) => {
    const trace = readTraceContext({ traceparent, tracestate: value });
    expect(trace).toMatchObject({ traceId: TRACE_ID, state: undefined });
  });
});

const baggageOf = (baggage: unknown) => readTraceContext({ traceparent, baggage })?.baggage;

describe('baggage', () => {
  it.each(['userId=alice', 'a=1;p1;p2=x ; p3 = y , b = 2', 'key=%20encoded%2C', 'empty=', 'a=b=c'])(
    'is kept as it came: %s',
    (text) => {
      expect(baggageOf(text)).toBe(text);
    },
  );

  it.each([
    ['a key without a value', 'a'],
    ['a key that is no token', 'a b=1'],
    ['a quoted value', 'a="b"'],
    ['a space in the value', 'a=b c'],
    ['an empty property', 'a=b;'],
    ['a line', 'a=b\nc=d'],
    ['too many members', Array.from({ length: 65 }, (_, i) => `k${String(i)}=v`).join(',')],
    ['too many characters', `a=${'b'.repeat(8192)}`],
    ['no text', {}],
  ])('with %s is dropped, and the parent stays', (_what, value) => {
    expect(readTraceContext({ traceparent, baggage: value })).toMatchObject({
      traceId: TRACE_ID,
      baggage: undefined,
    });
  });
});

it('lists of spaces take no longer to read than others of their length', () => {
  // Would take minutes if the parser tried every way to share the spaces out.
  const spaces = ' '.repeat(8000);
  for (const hostile of [`a=${spaces}"`, `a=1;${spaces}"`, `a${spaces}"`, `${spaces}"`]) {
    expect(stateOf(hostile)).toBeUndefined();
    expect(baggageOf(hostile)).toBeUndefined();
  }
});

describe('a child', () => {
  const trace = readTraceContext({ traceparent, tracestate: 'a=1', baggage: 'user=alice' });
  if (trace === undefined) throw new Error('The trace is not read');

  it('is of the same trace, with an id of its own', () => {
    const child = childOf(trace);
    expect(child).toEqual({ ...trace, parentId: expect.stringMatching(/^[0-9a-f]{16}$/) as string });
    expect(child.parentId).not.toBe(trace.parentId);
    expect(childOf(trace).parentId).not.toBe(child.parentId);
  });

  it('is handed on without baggage', () => {
    expect(traceHeaders(trace)).toEqual({ traceparent, tracestate: 'a=1' });
  });
});
