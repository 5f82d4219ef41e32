import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { Places } from '../workspace/places.ts';
import { quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { staleFile } from './draft-file.ts';
import { MAX_CHANGED_LINES, MAX_EDITED_BYTES } from './edited-text.ts';
import type { FileWriter, Target } from './file-writer.ts';
import { refuseMalformed } from './text-bytes.ts';
import type { TextWork } from './text-work.ts';

const DESCRIPTION =
  'Replaces exact pieces of a text file, all edits or none; to write it anew take write_file. old_text must be there once, unless near_line or replace_all says otherwise. Encoding, line endings and all else stay byte for byte. Answers the diff and the new version.';

const MAX_EDITS = 50;
const NO_DIFF = `[the diff has more than ${counted(MAX_CHANGED_LINES, 'line')} and is not shown]\n`;
/** Tokens for the closing note. */
const CLOSING_TOKENS = 80;

const NOTHING_TO_FIND =
  'is empty; to insert, give a line beside the place, and as new_text that line with the new ones';

const edit = z.strictObject({
  old_text: z.string().min(1, NOTHING_TO_FIND).max(MAX_EDITED_BYTES).describe('As it stands there.'),
  new_text: z.string().max(MAX_EDITED_BYTES).describe('What replaces it.'),
  replace_all: z.boolean().default(false).describe('Everywhere.'),
  near_line: z.int().min(1).max(MAX_EDITED_BYTES).optional().describe('Of several the nearest.'),
});

const input = z.object({
  path: z.string().min(1).describe('As "/docs/plan.md".'),
  edits: z.array(edit).min(1).max(MAX_EDITS).describe('Made in order, each on what the others left.'),
  dry_run: z.boolean().default(false).describe('Only shows the diff.'),
  expected_version: z.string().max(64).optional().describe('Only if it has this version.'),
  encoding: z.string().max(40).default('auto').describe('As for read_file.'),
});

type Arguments = z.output<typeof input>;

export function editFileTool(access: FileAccess, writer: FileWriter, work: TextWork): Tool {
  return defineTool({
    name: 'edit_file',
    title: 'Edit a file',
    description: DESCRIPTION,
    scopes: ['files:write'],
    effect: 'destroy',
    input,
    aliases: {
      changes: 'edits',
      replacements: 'edits',
      ...{ old: 'old_text', search: 'old_text', find: 'old_text' },
      ...{ new: 'new_text', replacement: 'new_text' },
      version: 'expected_version',
    },
    async run(call, args) {
      const path = virtualPath(args.path);
      for (const [index, { new_text: next }] of args.edits.entries()) {
        refuseMalformed(next, `edits[${index}].new_text`);
      }
      const services = access.seenBy(call.principal);
      await (await services.lookup.openFile(path, (other) => again(other), call.signal)).close();
      const places = new Places(services.sandbox);
      const change = (target: Target): Promise<string> => editTarget({ call, args, work }, target);
      return { content: [text(await writer.change(places, path, call.signal, change))] };
    },
  });
}

function again(path: string): string {
  return `${callText('read_file', { paths: [shown(path)] })}, then edit_file with this path`;
}

interface Context {
  readonly call: ToolCall;
  readonly args: Arguments;
  readonly work: TextWork;
}

async function editTarget({ call, args, work }: Context, target: Target): Promise<string> {
  const { path } = target.place;
  const { edits, encoding, expected_version: expected } = args;
  const present = await target.read(
    MAX_EDITED_BYTES,
    'search_files finds the place; a file of this size is for a program, or to be split',
  );
  if (present === undefined) throw staleFile(path, undefined);
  const { bytes: before, version: found } = present;
  if (expected !== undefined && expected !== found) throw staleFile(path, found);
  const tokens = call.budget.left - CLOSING_TOKENS;
  const order = { path, bytes: before, encoding, edits, tokens };
  const { bytes, kept, replaced, diff = NO_DIFF } = await work.edit(order, call);
  if (args.dry_run) return `${diff}[dry run: nothing was changed in ${quoted(path)}; version=${found}]`;
  const { size, version } = await target.write({ bytes, replaces: { version: found } });
  const note = kept.length === 0 ? '' : `, ${kept.join(', ')} kept`;
  return `${diff}[${counted(replaced, 'replacement')} in ${quoted(path)}, ${fileSize(size)}${note}; version=${version}]`;
}
