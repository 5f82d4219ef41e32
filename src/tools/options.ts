import * as z from 'zod';
import { DEFAULT_OUTPUT_TOKENS, MAX_OUTPUT_TOKENS } from '../core/budget.ts';
import { setting } from '../core/setting.ts';
import { customOptions } from './custom/options.ts';
import { dataOptions } from './data/options.ts';
import { filesOptions } from './files/options.ts';
import { scratchOptions } from './files/scratch/options.ts';
import { jobsOptions } from './jobs/options.ts';
import { webOptions } from './web/options.ts';

export const toolsOptions = z.object({
  readOnly: setting(z.boolean().default(false), {
    description: 'Offers no tool that changes anything, whatever scopes a token holds.',
    example: true,
    env: 'FAIRLEAD_READ_ONLY',
  }),
  outputTokens: setting(z.int().min(2000).max(MAX_OUTPUT_TOKENS).default(DEFAULT_OUTPUT_TOKENS), {
    description:
      'Estimated tokens that one tool call may answer. What does not fit is cut with a note that names the call to go on with.',
    example: 5000,
  }),
  files: filesOptions,
  scratch: scratchOptions.prefault({}),
  data: dataOptions.prefault({}),
  web: webOptions.prefault({}),
  jobs: jobsOptions.prefault({}),
  custom: customOptions.prefault({}),
});

export type ToolsOptions = z.output<typeof toolsOptions>;
