import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import type { SharedStore } from './shared-stores.ts';

const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url));

export interface Deployment {
  /** Where the replicas are reached, each at its own address. */
  readonly urls: readonly string[];
  /** A folder for the test's files. */
  readonly folder: string;
  /** Ends a replica without warning. */
  kill(index: number): Promise<void>;
  /** Starts a replica again, as a new process at a new address. */
  restart(index: number): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Several processes that share one store, their keys and their public URL, and nothing else.
 *
 * @param store ends with it
 * @param settings of the environment, beside the usual ones or instead of them
 */
export async function deploy(
  count: number,
  store: SharedStore,
  settings: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-replicas-'));
  const dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-replicas-data-'));
  const environment = {
    FAIRLEAD_AUTH_MODE: 'none',
    FAIRLEAD_STORE: store.url,
    FAIRLEAD_DATA_DIR: dataDir,
    FAIRLEAD_WORKSPACE: folder,
    FAIRLEAD_HTTP_RATE_LIMITS_MCP_PER_MINUTE: '1000000',
    ...settings,
  };
  // The first one makes the keys; its address is the one that tokens are for.
  const first = await startFairlead(environment, [SERVE]);
  const shared = { ...environment, PUBLIC_URL: first.origin };
  const start = (): Promise<FairleadProcess> => startFairlead(shared, [SERVE]);
  const replicas = [first];
  while (replicas.length < count) replicas.push(await start());
  const urls = replicas.map(({ mcpUrl }) => mcpUrl.href);
  const at = (index: number): FairleadProcess => {
    const replica = replicas[index];
    if (replica === undefined) throw new RangeError(`There is no replica ${index}`);
    return replica;
  };
  const kill = async (index: number): Promise<void> => {
    const { child } = at(index);
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
  };
  return {
    urls,
    folder,
    kill,
    restart: async (index) => {
      await kill(index);
      const next = await start();
      replicas[index] = next;
      urls[index] = next.mcpUrl.href;
      return next.mcpUrl.href;
    },
    stop: async () => {
      await Promise.all(replicas.map((_, index) => kill(index)));
      await Promise.all(replicas.map(({ dataDir }) => rm(dataDir, { recursive: true, force: true })));
      await rm(folder, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
      await store.stop();
    },
  };
}
