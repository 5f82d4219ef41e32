/**
 * The program of the engine's process. It works in a folder of its own, which holds nothing but links to the
 * files of the statement that runs, and ends with the service.
 *
 * Arguments: the folder, the memory in MiB and the threads of the engine.
 */
import { rmSync } from 'node:fs';
import type { Answer, Fault, Request } from './protocol.ts';
import { faultOf } from './child/faults.ts';
import { Session } from './child/session.ts';

const [folder = '', memoryMb, threads] = process.argv.slice(2);

process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  // A statement may be running: ending in order would wait for it.
  process.kill(process.pid, 'SIGKILL');
});
process.chdir(folder);

const session = await Session.open({ memoryMb: Number(memoryMb), threads: Number(threads) });
let work: Promise<void> = Promise.resolve();

process.on('message', (request: Request) => {
  if (request.ask === 'stop') session.interrupt();
  work = work.then(() => serve(request));
});
tell({ is: 'ready' });

async function serve(request: Request): Promise<void> {
  try {
    if (request.ask === 'stop') stop();
    else tell(await answer(request));
  } catch (error) {
    tell({ is: 'fault', fault: explained(error) });
  }
}

function stop(): void {
  const didRun = session.reset();
  tell({ is: 'stopped' });
  // Results hold what they took until they are collected, and there is not enough of it to wait for that.
  if (didRun) globalThis.gc?.();
}

async function answer(request: Exclude<Request, { ask: 'stop' }>): Promise<Answer> {
  switch (request.ask) {
    case 'judge':
      return session.judge(request.sql, request.params);
    case 'run':
      return session.run(request);
    case 'more':
      return session.more();
    case 'copy':
      return session.copy(request);
  }
}

/** The engine knows no path but those of its links; should one of this folder be told, it is cut off. */
function explained(error: unknown): Fault {
  const fault = faultOf(error, (position) => session.place(position));
  // The texts change, the shape does not.
  return JSON.parse(JSON.stringify(fault).replaceAll(`${folder}/`, '')) as Fault;
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
