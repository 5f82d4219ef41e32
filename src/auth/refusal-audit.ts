import type { Clock } from '../core/clock.ts';
import type { Principal } from '../core/principal.ts';
import type { Telemetry } from '../core/telemetry.ts';

const WINDOW_MS = 60_000;
const PER_ADDRESS = 5;
const IN_ALL = 200;

/**
 * Writes refused tokens to the audit log, at most 5 a minute for an address and 200 in all: a flood must
 * neither fill the disk nor hide other entries. How many were left out stands in the next entry.
 */
export class RefusalAudit {
  readonly #telemetry: Telemetry;
  readonly #clock: Clock;
  readonly #written = new Map<string, number>();
  #total = 0;
  #leftOut = 0;
  #windowEnds = 0;

  constructor(telemetry: Telemetry, clock: Clock) {
    this.#telemetry = telemetry;
    this.#clock = clock;
  }

  /** @param who Whom the token speaks for, where that is known although the request was refused. */
  record(address: string, reason: string, who?: Pick<Principal, 'subject' | 'clientId'>): void {
    this.#turnWindow();
    const written = this.#written.get(address) ?? 0;
    if (written >= PER_ADDRESS || this.#total >= IN_ALL) {
      this.#leftOut += 1;
      return;
    }
    this.#written.set(address, written + 1);
    this.#total += 1;
    this.#telemetry.audit({
      action: 'token.refused',
      outcome: 'denied',
      ...(who === undefined ? {} : { subject: who.subject, clientId: who.clientId }),
      address,
      details: this.#leftOut === 0 ? { reason } : { reason, leftOut: this.#leftOut },
    });
    this.#leftOut = 0;
  }

  #turnWindow(): void {
    const now = this.#clock.now();
    if (now < this.#windowEnds && now >= this.#windowEnds - WINDOW_MS) return;
    this.#windowEnds = now + WINDOW_MS;
    this.#written.clear();
    this.#total = 0;
  }
}
