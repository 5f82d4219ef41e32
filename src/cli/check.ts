import { renderEffective, resolveConfig } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { listKeys } from '../keys/index.ts';
import { listOffer } from './list-offer.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints the effective configuration; throws what `serve` would refuse to start with. */
export async function check(surroundings: Surroundings): Promise<void> {
  const { config, settings } = await resolveConfig(surroundings);
  // Own tools are code, and patterns of jobs expressions: whether they can be used is seen when they are loaded.
  const { custom, jobs } = config.tools;
  if (custom.files.length + jobs.jobs.length > 0) await listOffer(config, surroundings);
  await listKeys({ dataDir: config.dataDir, ...config.keys }, systemClock);
  surroundings.stdout.write(renderEffective(settings));
}
