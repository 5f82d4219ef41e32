/** What a server has to say at once: beginnings, ends, questions about itself. */
export const PATIENCE_MS = 5000;

/**
 * The outcome of work that nothing else ends: a server that has gone without a word answers never.
 *
 * @param end What the work needs, for example its connection
 */
export async function within<T>(milliseconds: number, work: Promise<T>, end: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      end();
      reject(new Error(`No answer for ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
