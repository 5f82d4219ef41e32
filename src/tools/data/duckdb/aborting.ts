/** A promise that rejects with the signal's reason when it aborts. Forget it. */
export function aborting(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let abort = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    abort = () => {
      reject(signal.reason as Error);
    };
  });
  // Whether it is waited for any more or not.
  promise.catch(() => undefined);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return {
    promise,
    forget: () => {
      signal.removeEventListener('abort', abort);
    },
  };
}
