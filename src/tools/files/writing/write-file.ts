import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { Places } from '../workspace/places.ts';
import { quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { staleFile } from './draft-file.ts';
import type { FileWriter, Present, Target } from './file-writer.ts';
import { bytesOf, refuseMalformed, textOf } from './text-bytes.ts';
import { countNewlines, documentOf, plainNewlines, rawOf } from './text-document.ts';

const DESCRIPTION =
  'Creates a text file and the folders it needs, or replaces or extends one; to change parts of a file take edit_file. overwrite leaves the content as UTF-8, append keeps the encoding and line endings of the file. Answers size and new version.';

const MAX_CONTENT_BYTES = 1_000_000;
const MAX_APPENDED_TO = 10_000_000;
const UTF8 = { encoding: 'utf-8', mark: Buffer.alloc(0) };

const input = z.object({
  path: z.string().min(1).describe('As "/docs/plan.md".'),
  content: z.string().max(MAX_CONTENT_BYTES).describe('Up to 1 MB.'),
  if_exists: z.enum(['fail', 'overwrite', 'append']).default('fail').describe('If there is one.'),
  expected_version: z.string().max(64).optional().describe('Only if it has this version.'),
});

type Arguments = z.output<typeof input>;
type Content = Parameters<Target['write']>[0];

export function writeFileTool(access: FileAccess, writer: FileWriter): Tool {
  return defineTool({
    name: 'write_file',
    title: 'Write a file',
    description: DESCRIPTION,
    scopes: ['files:write'],
    effect: 'destroy',
    input,
    aliases: { text: 'content', contents: 'content', body: 'content', version: 'expected_version' },
    async run(call, args) {
      const path = virtualPath(args.path);
      refuseMalformed(args.content, 'content');
      refuseTooLong(args.content);
      const places = new Places(access.seenBy(call.principal).sandbox);
      return writer.change(places, path, call.signal, async (target) => {
        const existed = target.exists;
        const { size, version } = await target.write(await contentFor(target, args));
        const done = !existed ? 'created' : args.if_exists === 'append' ? 'appended to' : 'overwrote';
        const lines = counted(countNewlines(args.content) + (/[^\n]$/.test(args.content) ? 1 : 0), 'line');
        return {
          content: [
            text(`[${done} ${quoted(path)}: ${lines} written, ${fileSize(size)} in all; version=${version}]`),
          ],
        };
      });
    },
  });
}

function refuseTooLong(content: string): void {
  const bytes = Buffer.byteLength(content);
  if (bytes <= MAX_CONTENT_BYTES) return;
  throw new AppError('FILE_TOO_LARGE', `The content has ${fileSize(bytes)}; one call takes up to 1 MB.`, {
    next: 'write the first part with write_file, then the others with if_exists: "append"',
  });
}

async function contentFor(target: Target, args: Arguments): Promise<Content> {
  const { expected_version: expected, if_exists: ifExists, content } = args;
  if (!target.exists) {
    if (expected !== undefined) throw staleFile(target.place.path, undefined);
    // With `overwrite` nobody minds a file that others make in this moment.
    return { bytes: Buffer.from(content), replaces: ifExists === 'overwrite' ? 'anything' : 'nothing' };
  }
  if (ifExists === 'append') return appended(target, args);
  const version = await target.version();
  if (ifExists === 'fail') throw taken(args, version);
  if (expected !== undefined && expected !== version) throw staleFile(target.place.path, version);
  return {
    bytes: Buffer.from(content),
    replaces: expected === undefined ? 'anything' : { version: expected },
  };
}

async function appended(
  target: Target,
  { content, expected_version: expected }: Arguments,
): Promise<Content> {
  const { path } = target.place;
  const present = await target.read(MAX_APPENDED_TO, 'write what is to be added to a file of its own');
  if (present === undefined) throw staleFile(path, undefined);
  if (expected !== undefined && expected !== present.version) throw staleFile(path, present.version);
  const added = await asIn(present, content, path);
  return { bytes: Buffer.concat([present.bytes, added]), replaces: { version: present.version } };
}

/** The text as the file would hold it. */
async function asIn({ bytes }: Present, content: string, path: string): Promise<Buffer> {
  if (bytes.length === 0) return Buffer.from(content);
  const { raw, encoding } = await textOf(bytes, path);
  const { endings } = documentOf(raw);
  const plain = plainNewlines(content);
  // As the last line that has an ending; where there is none, as it was given.
  const isCrlf = endings?.endsWith('r') ?? false;
  const body = isCrlf
    ? rawOf({ text: plain, endings: 'r'.repeat(countNewlines(plain)) })
    : raw.includes('\n')
      ? plain
      : content;
  return bytesOf(body, { ...UTF8, encoding }, path);
}

function taken({ path, content }: Arguments, version: string | undefined): AppError {
  const where = shown(virtualPath(path));
  const call = callText('write_file', { path: where, if_exists: 'overwrite', expected_version: version });
  return new AppError('ALREADY_EXISTS', `${quoted(virtualPath(path))} exists already. Nothing was changed.`, {
    next: `${call} with the content replaces all of it, if_exists "append" adds to it${content.length > 0 ? '; to change parts of it take edit_file' : ''}`,
  });
}
