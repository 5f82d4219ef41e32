import * as z from 'zod';
import { setting } from '../../../core/setting.ts';

const DAY_S = 86_400;

/** Of the area where results go that are too large to be told. */
export const scratchOptions = z.object({
  directory: setting(z.string().min(1).optional(), {
    description:
      'Folder for results that are kept for their callers. Left out: scratch, in the data folder. A relative path starts at the working directory. Processes that serve together share one.',
    example: '/srv/fairlead/scratch',
  }),
  lifetime: setting(
    z
      .int()
      .min(60)
      .max(31 * DAY_S)
      .default(DAY_S),
    {
      description: 'How long a result is kept, in seconds.',
      example: 3600,
    },
  ),
  bytesPerSubject: setting(z.int().min(1_048_576).max(1_099_511_627_776).default(268_435_456), {
    description: 'Bytes that are kept for one person or machine account. A small file counts as 64 KiB.',
    example: 1_073_741_824,
  }),
  bytesInTotal: setting(z.int().min(1_048_576).max(1_099_511_627_776).default(8_589_934_592), {
    description: 'Bytes that are kept for all together.',
    example: 34_359_738_368,
  }),
});

export type ScratchOptions = z.output<typeof scratchOptions>;
