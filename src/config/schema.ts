import * as z from 'zod';
import { authOptions } from '../auth/options.ts';
import { setting } from '../core/setting.ts';
import { httpOptions } from '../http/options.ts';
import { keysOptions } from '../keys/options.ts';
import { mcpOptions } from '../mcp/options.ts';
import { policyOptions } from '../policy/options.ts';
import { storeOptions } from '../store/options.ts';
import { telemetryOptions } from '../telemetry/options.ts';
import { toolsOptions } from '../tools/options.ts';

/** Every setting of the service. A section is named after the folder that it configures. */
export const configSchema = z.object({
  environment: setting(z.enum(['development', 'production', 'test']).default('development'), {
    description:
      'What the service runs for. In production, what is convenient in development but unsafe refuses to start.',
    example: 'production',
    env: 'NODE_ENV',
  }),
  dataDir: setting(z.string().min(1).default('./data'), {
    description:
      'Folder of what the service keeps: the state file and the signing keys. Created with mode 0700; back it up. A relative path starts where the process does.',
    example: '/var/lib/fairlead',
  }),
  http: httpOptions,
  auth: authOptions,
  keys: keysOptions,
  policy: policyOptions,
  store: storeOptions,
  telemetry: telemetryOptions,
  tools: toolsOptions,
  mcp: mcpOptions,
});

/** The configuration as the parts of the service get it. */
export interface Config extends Omit<z.output<typeof configSchema>, 'environment'> {
  readonly production: boolean;
  /** An absolute path. */
  readonly dataDir: string;
}
