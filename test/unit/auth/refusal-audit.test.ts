import { expect, it } from 'vitest';
import { RefusalAudit } from '../../../src/auth/refusal-audit.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

function record() {
  const telemetry = recordTelemetry();
  const clock = new ManualClock();
  return { telemetry, clock, audit: new RefusalAudit(telemetry, clock) };
}

it('tells who was refused and why', () => {
  const { telemetry, audit } = record();
  audit.record('192.0.2.1', 'The access token has expired.');
  expect(telemetry.audits).toEqual([
    {
      action: 'token.refused',
      outcome: 'denied',
      address: '192.0.2.1',
      details: { reason: 'The access token has expired.' },
    },
  ]);
});

it('writes five entries a minute for an address and then says how many it left out', () => {
  const { telemetry, clock, audit } = record();
  for (let i = 0; i < 12; i++) audit.record('192.0.2.1', 'bad');
  audit.record('192.0.2.2', 'bad');
  expect(telemetry.audits).toHaveLength(6);
  clock.advance(60_000);
  audit.record('192.0.2.1', 'bad');
  expect(telemetry.audits).toHaveLength(7);
  expect(telemetry.audits.map((event) => event.details?.['leftOut'] ?? 0).reduce(add)).toBe(7);
});

it('writes no more than two hundred a minute, however many addresses there are', () => {
  const { telemetry, audit } = record();
  for (let i = 0; i < 1000; i++) audit.record(`2001:db8::${i.toString(16)}`, 'bad');
  expect(telemetry.audits).toHaveLength(200);
});

function add(a: unknown, b: unknown): number {
  return Number(a) + Number(b);
}
