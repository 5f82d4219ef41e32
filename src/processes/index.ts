import { randomUUID } from 'node:crypto';
import type { Processes, SupervisedProcess } from '../core/processes.ts';
import type { Logger } from '../core/telemetry.ts';
import { createLauncher, LIMITER } from './launch.ts';
import { endMarked, markOf } from './remains.ts';
import { supervise } from './supervise.ts';
import { Watch } from './watch.ts';

export interface ProcessSupervisor extends Processes {
  /** Ends all that run, at once. */
  close(): Promise<void>;
}

/** Child processes, each in a group of its own and held back by `prlimit`; none outlives this process. */
export function createProcesses({ logger }: { readonly logger: Logger }): ProcessSupervisor {
  const launcher = createLauncher();
  const running = new Set<SupervisedProcess>();
  const prefix = `${randomUUID()}-`;
  const watch = new Watch(prefix, logger);
  let isWarned = false;
  let started = 0;
  const endAll = (): void => {
    for (const one of running) one.kill();
  };
  process.once('exit', endAll);
  return {
    canLimit: launcher.canLimit,
    canContain: launcher.canContain,
    get running() {
      return running.size;
    },
    start: (start) => {
      if (!launcher.canLimit && start.limits !== undefined && !isWarned) {
        isWarned = true;
        logger.warn({}, `child processes run without limits: ${LIMITER} (util-linux) is missing`);
      }
      const mark = markOf(prefix, ++started);
      const supervised = supervise(
        launcher.wrap(start, mark),
        start.contained === true ? () => endMarked(mark) : undefined,
      );
      const release = start.contained === true ? watch.hold() : undefined;
      running.add(supervised);
      const forget = (): void => {
        running.delete(supervised);
        release?.();
      };
      supervised.ended.then(forget, forget);
      return supervised;
    },
    close: async () => {
      process.off('exit', endAll);
      endAll();
      await Promise.allSettled([...running].map(({ ended }) => ended));
      watch.close();
    },
  };
}
