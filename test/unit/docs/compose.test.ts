import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { engineOptions } from '../../../src/tools/data/duckdb/options.ts';

const service = z.object({
  image: z.literal('fairlead'),
  environment: z.record(z.string(), z.unknown()),
  volumes: z.array(z.unknown()),
  mem_limit: z.string().regex(/^\d+m$/),
});
/** Three processes with what docs/web.md allows each, and with Node.js itself. */
const PAGES_MB = 3 * (192 + 8 * 5 + 60);
const composeFile = z.object({ services: z.record(z.string(), z.unknown()) });
const mount = z.object({ target: z.literal('/workspace'), read_only: z.boolean().default(false) });

/** The services of a Compose file that run Fairlead. */
async function servicesOf(file: string): Promise<z.output<typeof service>[]> {
  const path = join(import.meta.dirname, '../../..', file);
  const { services } = composeFile.parse(parse(await readFile(path, 'utf8'), { merge: true }));
  return Object.values(services).flatMap((one) => service.safeParse(one).data ?? []);
}

describe.each([
  ['docker-compose.yml', 1],
  ['docker-compose.replicas.yml', 3],
])('%s', (file, count) => {
  it('lets agents write to the workspace only where the mount does', async () => {
    const services = await servicesOf(file);
    expect(services).toHaveLength(count);
    for (const { environment, volumes } of services) {
      const [workspace] = volumes.flatMap((volume) => mount.safeParse(volume).data ?? []);
      expect(environment['FAIRLEAD_WORKSPACE_ACCESS']).toBe(workspace?.read_only === true ? 'read' : 'write');
    }
  });

  it('has memory for as many processes as run by default', async () => {
    const { processes, memoryMb } = engineOptions.parse({});
    const engines = processes * (memoryMb + 100);
    for (const { mem_limit } of await servicesOf(file)) {
      expect(Number.parseInt(mem_limit, 10)).toBeGreaterThan(200 + engines + PAGES_MB);
    }
  });
});
