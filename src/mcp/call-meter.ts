import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import type { Store } from '../core/store.ts';

const WINDOW_SECONDS = 60;

/**
 * Counts what principals begin whose permit bounds it, over all processes, by subject and rule. Each round of a
 * call that asks its client something counts, as it is another beginning.
 */
export class CallMeter {
  readonly #store: Pick<Store, 'increment'>;

  constructor(store: Pick<Store, 'increment'>) {
    this.#store = store;
  }

  /**
   * Undefined, at once, for whom nothing is counted.
   *
   * @throws AppError `RATE_LIMITED`; `UNAVAILABLE` when it cannot be counted
   */
  begin(principal: Principal): Promise<void> | undefined {
    const { callsPerMinute } = principal.permit.limits;
    return callsPerMinute === undefined ? undefined : this.#count(principal, callsPerMinute);
  }

  async #count({ subject, permit }: Principal, limit: number): Promise<void> {
    // Hashed, as the issuer chooses the names of subjects at any length.
    const digest = createHash('sha256')
      .update(JSON.stringify([permit.rule, subject]))
      .digest('base64url');
    const { value, expiresAt } = await this.#store.increment(`mcp:calls:${digest}`, 1, WINDOW_SECONDS);
    if (value <= limit) return;
    const retryAfter = Math.max(1, Math.ceil((expiresAt - Date.now()) / 1000));
    throw new AppError('RATE_LIMITED', `The operator's policy allows you ${limit} calls a minute.`, {
      retryAfter,
      next: `make the same call again in ${retryAfter} seconds`,
    });
  }
}
