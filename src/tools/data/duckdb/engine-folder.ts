import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whose folder it is stands in its name: others must not take it for left behind. */
const OWNER = `fairlead-engine-${hostname().replace(/[^\w.]/g, '_')}-`;

let swept: Promise<void> | undefined;

/** A folder for one engine. What earlier services had no time to remove goes first. */
export async function makeEngineFolder(): Promise<string> {
  await (swept ??= sweep());
  return mkdtemp(join(tmpdir(), `${OWNER}${process.pid}-`));
}

async function sweep(): Promise<void> {
  const startedAt = Date.now() - process.uptime() * 1000;
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(OWNER)) continue;
    const pid = /^\d+(?=-)/.exec(name.slice(OWNER.length))?.[0];
    if (pid === undefined || (Number(pid) !== process.pid && existsSync(`/proc/${pid}`))) continue;
    const folder = join(tmpdir(), name);
    try {
      // In a container every service has the same number: then it is older than this one.
      const isLeft = Number(pid) !== process.pid || (await stat(folder)).mtimeMs < startedAt;
      if (isLeft) await rm(folder, { recursive: true, force: true });
    } catch {
      // It has gone meanwhile, or is somebody else's.
    }
  }
}
