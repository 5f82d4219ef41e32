import { type Config, loadConfig } from '../config/index.ts';
import { AppError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { openStore } from '../store/index.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Works on the store that running servers share.
 *
 * @param what What is kept there, at the beginning of a sentence.
 * @throws AppError `CONFIGURATION_INVALID` where the store is the memory of a server
 */
export async function withStore(
  surroundings: Surroundings,
  what: string,
  work: (store: Store, config: Config) => Promise<void>,
): Promise<void> {
  const config = await loadConfig(surroundings);
  if (config.store.url === 'memory') {
    throw new AppError(
      'CONFIGURATION_INVALID',
      `${what} are kept in the memory of the running server only.`,
      {
        next: 'set FAIRLEAD_STORE to a store that outlives the process, such as sqlite',
      },
    );
  }
  const logger = stderrLogger(surroundings.stderr);
  const store = await openStore(config.store, { dataDir: config.dataDir, logger });
  try {
    await work(store, config);
  } finally {
    await store.close();
  }
}
