import { EXIT } from './exit-status.ts';

/** A terminal signals the whole process group and npm passes the same signal on: two of them are one Ctrl+C. */
const SAME_SIGNAL_MS = 500;

/** Why the process is to stop. */
export type Ending = { readonly signal: string } | { readonly failure: unknown };

/** Rejects with a failure that ends the process; a signal while starting waits for the start. */
export async function failureOf(ending: Promise<Ending>): Promise<never> {
  const reason = await ending;
  if ('failure' in reason) throw reason.failure;
  return await new Promise<never>(() => undefined);
}

/** Settles with the first reason to stop; a second signal ends the process at once. */
export function listenForEnding(signals: NodeJS.EventEmitter): Promise<Ending> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      signals.on(signal, () => {
        firstAt ??= performance.now();
        resolve({ signal });
        // Whoever asks again does not want to wait for running calls.
        if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT.failure);
      });
    }
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      signals.on(event, (failure: unknown) => {
        resolve({ failure });
      });
    }
  });
}
