import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder of the test's own, removed when it ends, and a way to put files into it. */
export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return {
    path,
    async write(name: string, text: string, mode = 0o600): Promise<string> {
      await writeFile(join(path, name), text);
      await chmod(join(path, name), mode);
      return name;
    },
  };
}
