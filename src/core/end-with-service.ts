import { Worker } from 'node:worker_threads';

const WATCH = `require('node:fs').read(0, Buffer.alloc(1), 0, 1, null, () => process.kill(process.pid, 'SIGKILL'))`;

/**
 * For a child process that is too busy to hear of the end of the service: a thread hears of it. Standard input is a
 * pipe of the service, and ends with it, however it ends.
 */
export function endWithService(): void {
  new Worker(WATCH, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8, codeRangeSizeMb: 8, stackSizeMb: 1 },
  });
}
