import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { Places } from '../workspace/places.ts';
import { quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { type Edited, applyEdits } from './apply-edits.ts';
import { staleFile } from './draft-file.ts';
import type { FileWriter, Present, Target } from './file-writer.ts';
import { bytesOf, refuseMalformed, type TextBytes, textOf } from './text-bytes.ts';
import { documentOf, rawOf, type TextDocument } from './text-document.ts';
import { unifiedDiff } from './unified-diff.ts';

const DESCRIPTION =
  'Replaces exact pieces of a text file, all edits or none; to write it anew take write_file. old_text must be there once, unless near_line or replace_all says otherwise. Encoding, line endings and all else stay byte for byte. Answers the diff and the new version.';

const MAX_BYTES = 1_000_000;
const MAX_EDITS = 50;
/** Tokens for the closing note. */
const CLOSING_TOKENS = 80;

const edit = z.strictObject({
  old_text: z.string().min(1).max(MAX_BYTES).describe('As it stands there.'),
  new_text: z.string().max(MAX_BYTES).describe('What replaces it.'),
  replace_all: z.boolean().default(false).describe('Everywhere.'),
  near_line: z.int().min(1).max(MAX_BYTES).optional().describe('Of several the nearest.'),
});

const input = z.object({
  path: z.string().min(1).describe('As "/docs/plan.md".'),
  edits: z.array(edit).min(1).max(MAX_EDITS).describe('Made in order, each on what the others left.'),
  dry_run: z.boolean().default(false).describe('Only shows the diff.'),
  expected_version: z.string().max(64).optional().describe('Only if it has this version.'),
});

type Arguments = z.output<typeof input>;

interface Outcome extends Edited {
  readonly form: TextBytes;
  readonly before: TextDocument;
}

export function editFileTool(access: FileAccess, writer: FileWriter): Tool {
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
      old: 'old_text',
      new: 'new_text',
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
      const work = (target: Target): Promise<string> => editTarget(call, args, target);
      return { content: [text(await writer.change(places, path, call.signal, work))] };
    },
  });
}

function again(path: string): string {
  return `${callText('read_file', { paths: [shown(path)] })}, then edit_file with this path`;
}

async function editTarget(call: ToolCall, args: Arguments, target: Target): Promise<string> {
  const { path } = target.place;
  const present = await target.read(
    MAX_BYTES,
    'search_files finds the place; a file of this size is for a program, or to be split',
  );
  if (present === undefined) throw staleFile(path, undefined);
  const expected = args.expected_version;
  if (expected !== undefined && expected !== present.version) throw staleFile(path, present.version);
  const outcome = await edited(present, args, path);
  const raw = rawOf(outcome.document);
  const bytes = await bytesOf(raw, outcome.form, path);
  if (bytes.length > MAX_BYTES) throw wouldBeTooLarge(path, bytes.length);
  const change = { path, before: outcome.before.text, after: outcome.document.text };
  const diff = await unifiedDiff(change, call.budget, CLOSING_TOKENS);
  if (args.dry_run)
    return `${diff}[dry run: nothing was changed in ${quoted(path)}; version=${present.version}]`;
  const { size, version } = await target.write({ bytes, replaces: { version: present.version } });
  return `${diff}[${counted(outcome.replaced, 'replacement')} in ${quoted(path)}, ${fileSize(size)}${formNote(outcome)}; version=${version}]`;
}

async function edited({ bytes }: Present, args: Arguments, path: string): Promise<Outcome> {
  const form = await textOf(bytes, path);
  const before = documentOf(form.raw);
  return { form, before, ...(await applyEdits(before, args.edits, path)) };
}

function wouldBeTooLarge(path: string, size: number): AppError {
  return new AppError(
    'FILE_TOO_LARGE',
    `${quoted(path)} would have ${fileSize(size)}; this works up to ${fileSize(MAX_BYTES)}. Nothing was changed.`,
    { next: 'split the file, or make fewer replacements' },
  );
}

/** What was kept that is not usual. */
function formNote({ form, before: { endings } }: Outcome): string {
  const notes = [
    ...(form.encoding === 'utf-8' ? [] : [form.encoding]),
    ...(endings === undefined ? [] : [endings.includes('n') ? 'mixed line endings' : 'CRLF']),
  ];
  return notes.length === 0 ? '' : `, ${notes.join(', ')} kept`;
}
