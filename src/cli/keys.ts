import { loadConfig } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { rotateKeys } from '../keys/index.ts';
import type { Surroundings } from './surroundings.ts';

/** `fairlead keys rotate` */
export async function rotateSigningKey(
  surroundings: Surroundings,
  options: { readonly dropOld?: true },
): Promise<void> {
  const { dataDir } = await loadConfig(surroundings);
  const { kid, activeAt } = await rotateKeys(dataDir, systemClock, options);
  surroundings.stdout.write(
    `The key ${kid} signs from ${new Date(activeAt).toISOString()} on, in running servers too.\n` +
      (options.dropOld === true
        ? 'The old ones are gone: what they signed or sealed is refused within seconds, and everybody signs in again.\n'
        : 'The old ones are kept until the last token that they signed, and the last session that they sealed, has ended.\n'),
  );
}
