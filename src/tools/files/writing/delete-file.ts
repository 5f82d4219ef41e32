import type { BigIntStats } from 'node:fs';
import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import type { FileServices } from '../services.ts';
import { Trash } from '../trash/trash.ts';
import type { TrashRecord } from '../trash/trash-record.ts';
import { type Place, Places } from '../workspace/places.ts';
import { parentOf, quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { writeError } from '../workspace/write-error.ts';
import type { FileWriter } from './file-writer.ts';
import { type Survey, survey } from './survey.ts';

const DESCRIPTION =
  'Moves a file, or a folder of up to 1,000 entries, to the trash, from which the operator can restore it. A link goes itself, not what it leads to.';

const MAX_ENTRIES = 1000;

const input = z.object({
  path: z.string().min(1).describe('As "/drafts/old.md".'),
  recursive: z.boolean().default(false).describe('Needed for a folder that is not empty.'),
});

type Arguments = z.output<typeof input>;

export function deleteFileTool(access: FileAccess, writer: FileWriter): Tool {
  return defineTool({
    name: 'delete_file',
    title: 'Delete a file',
    description: DESCRIPTION,
    scopes: ['files:delete'],
    effect: 'destroy',
    input,
    async run(call, args) {
      const path = virtualPath(args.path);
      const services = access.seenBy(call.principal);
      const places = new Places(services.sandbox);
      const { root, realPath } = await peek({ services, places, call }, path);
      const { locks } = writer;
      const record = await locks.hold(root, realPath, call.signal, async (lock) => {
        const place = await places.of(path);
        try {
          const what = await weighed({ services, call }, place, args);
          await lock.confirm();
          return await new Trash(services.sandbox, root).put(place, deletionOf(call, place, what));
        } catch (error) {
          throw writeError(error, path);
        } finally {
          await place.close();
        }
      });
      return { content: [text(answer(path, record))] };
    },
  });
}

interface Context {
  readonly services: FileServices;
  readonly places: Places;
  readonly call: ToolCall;
}

/** For what does not exist it says what may have been meant. */
async function peek({ services, places, call }: Context, path: string): Promise<Place> {
  try {
    const place = await places.of(path);
    await place.close();
    return place;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'PATH_NOT_FOUND') throw error;
    // Not the deletion of what was not named: whoever follows this shall look first.
    const again = (other: string): string =>
      `${callText('list_files', { path: shown(parentOf(other)) })}, then delete_file with the path that is meant`;
    await (await services.lookup.open(path, again, call.signal)).close();
    throw error;
  }
}

async function weighed(
  { services: { sandbox }, call: { signal } }: Pick<Context, 'services' | 'call'>,
  { folder, name, path }: Place,
  { recursive }: Arguments,
): Promise<Survey> {
  const what = await survey({ sandbox, path, signal, maxEntries: MAX_ENTRIES }, folder, name);
  if (what.entries === 1 || recursive) return what;
  throw new AppError('INVALID_ARGUMENT', `The folder ${quoted(path)} is not empty. Nothing was changed.`, {
    next: callText('delete_file', { path: shown(path), recursive: true }),
  });
}

export function deletionOf(
  { principal: { subject, clientId } }: ToolCall,
  { realPath, root: { mount }, stats }: Place,
  { entries, bytes }: Survey,
): Omit<TrashRecord, 'id' | 'deletedAt'> {
  const path = mount === '/' ? realPath : realPath.slice(mount.length);
  return { path, kind: kindOf(stats), entries, bytes, subject, clientId };
}

function kindOf(stats: BigIntStats | undefined): TrashRecord['kind'] {
  if (stats?.isSymbolicLink() === true) return 'link';
  return stats?.isDirectory() === true ? 'folder' : 'file';
}

function answer(path: string, { id, kind, entries, bytes }: TrashRecord): string {
  const what = kind === 'folder' ? `, ${counted(entries, 'file or folder', 'files and folders')}` : '';
  return `[moved ${quoted(path)} to the trash: ${fileSize(bytes)}${what}; the operator can restore it as ${id}]`;
}
