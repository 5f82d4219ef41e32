import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../core/clock.ts';
import type { Sealer } from '../core/sealer.ts';
import type { Logger } from '../core/telemetry.ts';
import { JweSealer } from './jwe-sealer.ts';
import { KeyRing } from './key-ring.ts';
import type { KeyPlace } from './key-source.ts';

export type { KeyRing } from './key-ring.ts';
export { type KeyDescription, listKeys } from './list-keys.ts';
export { newKeyRing, rotateKeys, type Rotation } from './rotate-keys.ts';

interface KeysContext extends KeyPlace {
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * The keys of the deployment: for signing tokens, for cookies, and for what clients are given to keep.
 *
 * @throws AppError `CONFIGURATION_INVALID` when others may read the key file, the ring is damaged, or it cannot
 *   be made.
 */
export async function openKeys({ clock = systemClock, ...context }: KeysContext): Promise<KeyRing> {
  return await KeyRing.open({ ...context, clock });
}

/** Seals for this process alone, which leaves nothing behind. */
export function createPrivateSealer(clock: Clock = systemClock): Sealer {
  const keys = [{ kid: 'private', secret: randomBytes(32).toString('base64url') }];
  return new JweSealer(() => keys, clock);
}
