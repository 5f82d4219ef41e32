import { renderEffective, resolveConfig } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { listKeys } from '../keys/index.ts';
import { listOffer } from './list-offer.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints the effective configuration; throws what `serve` would refuse to start with. */
export async function check(surroundings: Surroundings): Promise<void> {
  const { config, settings } = await resolveConfig(surroundings);
  // Own tools are code: whether they can be offered is seen when they are loaded.
  if (config.tools.custom.files.length > 0) await listOffer(config, surroundings);
  await listKeys({ dataDir: config.dataDir, ...config.keys }, systemClock);
  surroundings.stdout.write(renderEffective(settings));
}
