import { describe, expect, it } from 'vitest';
import { NONCE_LIFETIME, ProofNonces } from '../../../../src/auth/dpop/nonces.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';

const MINUTE = 60_000;

describe('a nonce', () => {
  it('is the same in every process that has the same secrets, and another with others', () => {
    const clock = new ManualClock();
    const [one, other] = [new ProofNonces(() => ['a'], clock), new ProofNonces(() => ['a'], clock)];
    expect(other.accepts(one.offer())).toBe(true);
    expect(new ProofNonces(() => ['b'], clock).accepts(one.offer())).toBe(false);
  });

  it('is good for minutes, while others are offered already, and never longer than proofs are remembered', () => {
    for (const start of [0, MINUTE / 2, MINUTE - 1]) {
      const clock = new ManualClock(1000 * MINUTE + start);
      const nonces = new ProofNonces(() => ['a'], clock);
      const nonce = nonces.offer();
      clock.advance(MINUTE);
      expect(nonces.offer()).not.toBe(nonce);
      clock.advance(2 * MINUTE);
      expect(nonces.accepts(nonce)).toBe(true);
      expect(nonces.accepts(nonces.offer())).toBe(true);
      clock.advance(2 * MINUTE);
      expect(nonces.accepts(nonce)).toBe(false);
    }
    expect(NONCE_LIFETIME).toBeGreaterThan(300);
  });

  it('of a process whose clock is ahead is good', () => {
    const clock = new ManualClock(1000 * MINUTE - 1);
    const ahead = new ManualClock(1000 * MINUTE + 5000);
    const offered = new ProofNonces(() => ['a'], ahead).offer();
    expect(new ProofNonces(() => ['a'], clock).accepts(offered)).toBe(true);
  });

  it('stays good when the secrets turn, and ends when its secret is dropped', () => {
    const clock = new ManualClock();
    let secrets = ['old'];
    const nonces = new ProofNonces(() => secrets, clock);
    const nonce = nonces.offer();
    secrets = ['new', 'old'];
    expect(nonces.accepts(nonce)).toBe(true);
    expect(nonces.offer()).not.toBe(nonce);
    secrets = ['new'];
    expect(nonces.accepts(nonce)).toBe(false);
  });

  it.each(['', 'x', 'ö'.repeat(43), 'x'.repeat(10_000)])('is not "%s"', (nonce) => {
    expect(new ProofNonces(() => ['a'], new ManualClock()).accepts(nonce)).toBe(false);
  });
});
