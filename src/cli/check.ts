import { renderEffective, resolveConfig } from '../config/index.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints the effective configuration; throws what `serve` would refuse to start with. */
export async function check(surroundings: Surroundings): Promise<void> {
  const { settings } = await resolveConfig(surroundings);
  surroundings.stdout.write(renderEffective(settings));
}
