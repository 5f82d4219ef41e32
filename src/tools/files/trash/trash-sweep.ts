import type { Logger } from '../../../core/telemetry.ts';
import type { FilesOptions } from '../options.ts';
import { Trashes } from './trashes.ts';

const DAY_MS = 86_400_000;
/** Not in the way of the start. */
const FIRST_MS = 60_000;
const INTERVAL_MS = 6 * 3_600_000;

/** Removes for good what has been in the trash for longer than the operator keeps it. Answers what ends that. */
export function sweepTrash(options: FilesOptions, logger: Logger): () => void {
  const { days } = options.trash;
  if (days === 0) return () => undefined;
  const sweep = async (): Promise<void> => {
    try {
      const trashes = new Trashes(options);
      const before = Date.now() - days * DAY_MS;
      let items = 0;
      for (const name of writable(options)) items += await trashes.empty(before, name);
      if (items > 0) logger.info({ items, days }, 'old items of the trash were removed');
    } catch (error) {
      logger.warn({ err: error }, 'the trash cannot be swept');
    }
  };
  const first = setTimeout(() => void sweep(), FIRST_MS).unref();
  const later = setInterval(() => void sweep(), INTERVAL_MS).unref();
  return () => {
    clearTimeout(first);
    clearInterval(later);
  };
}

/** What is served for reading is left as it is. Undefined: the single workspace. */
function writable({ access, workspaces }: FilesOptions): (string | undefined)[] {
  if (workspaces.length === 0) return access === 'write' ? [undefined] : [];
  return workspaces.filter((workspace) => workspace.access === 'write').map(({ name }) => name);
}
