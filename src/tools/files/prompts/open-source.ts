import type { ResourceContext } from '../../../core/resource.ts';
import type { FileServices } from '../services.ts';
import type { EntryKind } from '../workspace/sandbox.ts';
import { shown, virtualPath } from '../workspace/virtual-path.ts';

/**
 * The file or folder that an argument names, once it is known to exist.
 *
 * @throws AppError as `Lookup.open`; `next` is the same prompt with what was probably meant
 */
export async function openSource(
  { lookup }: FileServices,
  { signal }: ResourceContext,
  prompt: string,
  argument: Readonly<Record<string, string>>,
): Promise<{ readonly path: string; readonly kind: EntryKind }> {
  const [[name, spelling] = ['', '']] = Object.entries(argument);
  const again = (other: string): string => `get the prompt ${prompt} with ${name} ${shown(other)}`;
  const entry = await lookup.open(virtualPath(spelling), again, signal);
  await entry.close();
  return entry;
}
