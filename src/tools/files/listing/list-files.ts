import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { defineTool, type Tool } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import type { FileServices, Look } from '../services.ts';
import { shown, virtualPath } from '../workspace/virtual-path.ts';
import { listFlat } from './flat.ts';
import type { ListQuestion } from './question.ts';
import { listTree } from './tree.ts';

const DESCRIPTION = `Lists files and folders with their sizes. Take it first, to learn what there is; search_files finds text inside of files. Without glob: a tree down to depth levels, with the number of files in each folder that is not opened; with glob, or sorted by size or modified: the matching files of all levels. Where there are several workspaces, each is a folder of /, marked writable or read only; results kept for you are in /.scratch. What .gitignore, .ignore or .rgignore name is left out unless include_ignored is true. A call shows up to 500 entries; the closing line gives a cursor for more.`;

const input = z.object({
  path: z
    .string()
    .describe('Folder to list. Paths are virtual and start at the workspace root: "/", "/docs".'),
  glob: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe(
      'List only files that match, at all levels below path: "*.md" (name), "src/**/*.ts" (path below path), "*.{json,yaml}".',
    ),
  depth: z
    .int()
    .min(1)
    .max(50)
    .default(2)
    .describe('Levels that the tree shows. Of no effect on a flat list.'),
  include_ignored: z.boolean().default(false).describe('Show what ignore files name as well.'),
  sort: z
    .enum(['name', 'size', 'modified'])
    .default('name')
    .describe('size: largest first; modified: newest first; both list files of all levels.'),
  cursor: z.string().max(8000).optional().describe('From the closing line of the page before.'),
});

export function listFilesTool(access: FileAccess): Tool {
  return defineTool({
    name: 'list_files',
    title: 'List files',
    description: DESCRIPTION,
    scopes: ['files:read'],
    effect: 'read',
    input,
    aliases: {
      uri: 'path',
      pattern: 'glob',
      max_depth: 'depth',
      order: 'sort',
      sort_by: 'sort',
      next_cursor: 'cursor',
      page_token: 'cursor',
    },
    async run(call, args) {
      const { cursor, ...rest } = args;
      const question: ListQuestion = { ...rest, path: virtualPath(args.path) };
      const services = access.seenBy(call.principal);
      return { content: [text(await listFolder(services, call, question, cursor))] };
    },
  });
}

/** One page of a folder as text, with a closing line. */
export async function listFolder(
  services: FileServices,
  call: Look,
  question: ListQuestion,
  cursor?: string,
): Promise<string> {
  const again = (path: string): string => callText('list_files', { path, glob: question.glob });
  const directory = await services.lookup.open(question.path, again, call.signal);
  try {
    if (directory.kind !== 'directory') {
      const read = callText('read_file', { paths: [question.path] });
      return `${shown(question.path)}  ${fileSize(directory.stats.size)}\n[one file, no folder; to read it: ${read}]`;
    }
    const isTree = question.glob === undefined && question.sort === 'name';
    const page = { services, call, question, directory, cursor };
    return isTree ? await listTree(page) : await listFlat(page);
  } finally {
    await directory.close();
  }
}
