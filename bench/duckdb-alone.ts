import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

export interface DuckDbAlone {
  /** Runs the statement and fetches all rows. */
  query(sql: string): Promise<void>;
  stop(): Promise<void>;
}

/** The engine without anything around it, warm, in a process of its own. */
export async function startDuckDb(): Promise<DuckDbAlone> {
  const child = fork(path.join(import.meta.dirname, 'duckdb-process.ts'));
  await once(child, 'message');
  return {
    query: async (sql) => {
      child.send(sql);
      const [problem] = (await once(child, 'message')) as [string];
      if (problem !== '') throw new Error(problem);
    },
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
