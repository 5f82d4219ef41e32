import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where a program for a thread or a process of its own lies: beside the code that starts it, in the sources as in the
 * build, which lays all of them into one folder.
 *
 * @param url `import.meta.url` of that code
 * @param name without its extension
 */
export function programBeside(url: string, name: string): string {
  const path = fileURLToPath(url);
  return join(dirname(path), `${name}${extname(path)}`);
}
