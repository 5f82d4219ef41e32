import * as z from 'zod';
import { setting } from '../../../core/setting.ts';

/** The engine that reads files. */
export const engineOptions = z.object({
  processes: setting(z.int().min(1).max(32).default(3), {
    description:
      'Processes of the engine that may run at the same time, one statement each; one person may use all but one of them. Who comes while they are at work waits.',
    example: 4,
  }),
  memoryMb: setting(z.int().min(64).max(65_536).default(512), {
    description: 'Megabytes that one statement over files may take; beyond, it ends with MEMORY_LIMIT.',
    example: 2048,
  }),
  threads: setting(z.int().min(1).max(64).default(2), {
    description: 'Threads that one statement over files may use.',
    example: 4,
  }),
  idleSeconds: setting(z.int().min(0).max(86_400).default(60), {
    description:
      'Seconds after which an engine that nobody asks is ended. The next statement starts one again (0.3 s).',
    example: 600,
  }),
});

export type EngineOptions = z.output<typeof engineOptions>;
