import type { Config } from '../config/index.ts';
import { createGuardedFetch } from '../net/index.ts';
import { createProcesses } from '../processes/index.ts';
import { openStore } from '../store/index.ts';
import { createTools, type Tools } from '../tools/index.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { Surroundings } from './surroundings.ts';

/** Every tool there is, also those that read-only mode leaves out. Nothing behind them works any more. */
export async function listOffer(config: Config, { version, stderr }: Surroundings): Promise<Tools> {
  const logger = stderrLogger(stderr);
  const { dataDir } = config;
  const store = await openStore({ url: 'memory' }, { dataDir, logger });
  const context = { ...{ logger, store, dataDir, version }, checks: [], audit: () => undefined };
  const maxListed = config.mcp.maxListedTools;
  const processes = createProcesses({ logger });
  const surroundings = { processes, fetch: createGuardedFetch(), createFetch: createGuardedFetch };
  const builtin = await createTools(
    { ...config.tools, readOnly: false },
    { ...context, ...surroundings, maxListed },
  );
  await builtin.close();
  await processes.close();
  await store.close();
  return builtin;
}
