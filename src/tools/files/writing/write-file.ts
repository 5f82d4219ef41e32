import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { Places } from '../workspace/places.ts';
import { quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { staleFile } from './draft-file.ts';
import type { FileWriter, Target } from './file-writer.ts';
import { refuseMalformed } from './text-bytes.ts';
import { countNewlines } from './text-document.ts';
import type { TextWork } from './text-work.ts';

const DESCRIPTION =
  'Creates a text file and the folders it needs, or replaces or extends one; to change parts of a file take edit_file. overwrite leaves the content as UTF-8, append keeps the encoding and line endings of the file. Answers size and new version.';

const MAX_CONTENT_BYTES = 1_000_000;
const MAX_APPENDED_TO = 10_000_000;

const input = z.object({
  path: z.string().min(1).describe('As "/docs/plan.md".'),
  content: z.string().max(MAX_CONTENT_BYTES).describe('Up to 1 MB.'),
  if_exists: z.enum(['fail', 'overwrite', 'append']).default('fail').describe('If there is one.'),
  expected_version: z.string().max(64).optional().describe('Only if it has this version.'),
});

type Arguments = z.output<typeof input>;
type Content = Parameters<Target['write']>[0] & { readonly isJoined?: boolean };

export function writeFileTool(access: FileAccess, writer: FileWriter, work: TextWork): Tool {
  return defineTool({
    name: 'write_file',
    title: 'Write a file',
    description: DESCRIPTION,
    scopes: ['files:write'],
    effect: 'destroy',
    input,
    aliases: {
      text: 'content',
      contents: 'content',
      body: 'content',
      mode: 'if_exists',
      version: 'expected_version',
    },
    async run(call, args) {
      const path = virtualPath(args.path);
      refuseMalformed(args.content, 'content');
      refuseTooLong(args.content);
      const places = new Places(access.seenBy(call.principal).sandbox);
      return writer.change(places, path, call.signal, async (target) => {
        const existed = target.exists;
        const content = await contentFor({ call, args, work }, target);
        const { size, version } = await target.write(content);
        const done = !existed ? 'created' : args.if_exists === 'append' ? 'appended to' : 'overwrote';
        const lines = counted(countNewlines(args.content) + (/[^\n]$/.test(args.content) ? 1 : 0), 'line');
        const note = content.isJoined === true ? ', the first in the last line, which had no ending' : '';
        const said = `${done} ${quoted(path)}: ${lines} written${note}, ${fileSize(size)} in all`;
        return { content: [text(`[${said}; version=${version}]`)] };
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

interface Context {
  readonly call: ToolCall;
  readonly args: Arguments;
  readonly work: TextWork;
}

async function contentFor(context: Context, target: Target): Promise<Content> {
  const { args } = context;
  const { expected_version: expected, if_exists: ifExists, content } = args;
  if (!target.exists) {
    if (expected !== undefined) throw staleFile(target.place.path, undefined);
    // With `overwrite` nobody minds a file that others make in this moment.
    return { bytes: Buffer.from(content), replaces: ifExists === 'overwrite' ? 'anything' : 'nothing' };
  }
  if (ifExists === 'append') return appended(context, target);
  const version = await target.version();
  if (ifExists === 'fail') throw taken(args, version);
  if (expected !== undefined && expected !== version) throw staleFile(target.place.path, version);
  return {
    bytes: Buffer.from(content),
    replaces: expected === undefined ? 'anything' : { version: expected },
  };
}

async function appended({ call, args, work }: Context, target: Target): Promise<Content> {
  const { content, expected_version: expected } = args;
  const { path } = target.place;
  const present = await target.read(MAX_APPENDED_TO, 'write what is to be added to a file of its own');
  if (present === undefined) throw staleFile(path, undefined);
  const { bytes, version } = present;
  if (expected !== undefined && expected !== version) throw staleFile(path, version);
  const { bytes: added, isJoined } = await work.append({ path, bytes, content }, call);
  return { bytes: Buffer.concat([bytes, added]), replaces: { version }, isJoined };
}

function taken({ path, content }: Arguments, version: string | undefined): AppError {
  const where = shown(virtualPath(path));
  const call = callText('write_file', { path: where, if_exists: 'overwrite', expected_version: version });
  return new AppError('ALREADY_EXISTS', `${quoted(virtualPath(path))} exists already. Nothing was changed.`, {
    next: `${call} with the content replaces all of it, if_exists "append" adds to it${content.length > 0 ? '; to change parts of it take edit_file' : ''}`,
  });
}
