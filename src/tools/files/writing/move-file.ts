import * as z from 'zod';
import { text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, counted, fileSize } from '../../../core/phrases.ts';
import { defineTool, type Tool, type ToolCall } from '../../../core/tool.ts';
import type { FileAccess } from '../access.ts';
import { Trash } from '../trash/trash.ts';
import { type Place, Places } from '../workspace/places.ts';
import { notAFile } from '../workspace/sandbox.ts';
import { versionOf } from '../workspace/version.ts';
import { joinPath, nameOf, parentOf, quoted, shown, virtualPath } from '../workspace/virtual-path.ts';
import { writeError } from '../workspace/write-error.ts';
import { deletionOf } from './delete-file.ts';
import type { FileWriter } from './file-writer.ts';
import { alreadyExists } from './placing.ts';
import { survey } from './survey.ts';
import { copy, rename, type Transfer } from './transfer.ts';

const DESCRIPTION =
  'Moves, renames or copies a file or folder and makes the folders it needs; never overwrites. to is the whole new path, not a folder to put it into. Between workspaces it copies, and the source goes to the trash.';

const MAX_LEFT_ENTRIES = 10_000;

const input = z.object({
  from: z.string().min(1).describe('As "/drafts/plan.md".'),
  to: z.string().min(1).describe('Where nothing is yet.'),
  copy: z.boolean().default(false).describe('Leaves the source.'),
});

interface Question {
  readonly transfer: Omit<Transfer, 'lock'>;
  readonly call: ToolCall;
  readonly from: string;
  readonly to: string;
}

export function moveFileTool(access: FileAccess, writer: FileWriter): Tool {
  return defineTool({
    name: 'move_file',
    title: 'Move or copy a file',
    description: DESCRIPTION,
    scopes: ['files:write'],
    effect: 'write',
    input,
    aliases: {
      ...{ source: 'from', src: 'from', old_path: 'from', path: 'from', file_path: 'from' },
      ...{ destination: 'to', dest: 'to', target: 'to', new_path: 'to' },
    },
    async run(call, args) {
      const [from, to] = [virtualPath(args.from), virtualPath(args.to)];
      const services = access.seenBy(call.principal);
      const places = new Places(services.sandbox);
      const question = { transfer: { services, places, signal: call.signal }, call, from, to };
      const said = await (args.copy ? copied(question, writer) : moved(question, writer));
      return { content: [text(`[${said}]`)] };
    },
  });
}

async function copied(question: Question, writer: FileWriter): Promise<string> {
  const { transfer, from, to } = question;
  const source = await transfer.services.lookup.open(from, lookFirst, transfer.signal);
  try {
    if (source.kind === 'other') throw notAFile(source);
    const target = await freePlace(question, source.realPath, source.kind === 'directory');
    try {
      return await writer.locks.hold(target.root, target.realPath, transfer.signal, async (lock) => {
        const { entries, bytes, leftOut } = await copy({ ...transfer, lock }, source, target);
        const what =
          source.kind === 'directory' ? `${counted(entries, 'file or folder', 'files and folders')}, ` : '';
        const amount = `${what}${fileSize(bytes)}${leftOutNote(leftOut)}`;
        return `copied ${quoted(from)} to ${quoted(to)}: ${amount}${await versionNote(question)}`;
      });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function moved(question: Question, writer: FileWriter): Promise<string> {
  const { transfer, from, to } = question;
  const [source, target] = await ends(question);
  const places = [source, target].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await source.close();
  await target.close();
  const [first = source, second = target] = places;
  // Always in the same order: two moves that cross do not wait for each other.
  return writer.locks.hold(first.root, first.realPath, transfer.signal, (outer) =>
    writer.locks.hold(second.root, second.realPath, transfer.signal, async (inner) => {
      const confirm = async (): Promise<void> => {
        await outer.confirm();
        await inner.confirm();
      };
      const leftOut = await relocate(question, { confirm });
      return `moved ${quoted(from)} to ${quoted(to)}${leftOutNote(leftOut)}${await versionNote(question)}`;
    }),
  );
}

/** Answers how many links and the like were left out on the way, as in copying. */
async function relocate(question: Question, lock: Transfer['lock']): Promise<number> {
  const transfer = { ...question.transfer, lock };
  const [source, target] = await ends(question);
  try {
    const isNear = source.root === target.root && (await rename(transfer, source, target));
    return isNear ? 0 : await moveFar(question, transfer, { source, target });
  } catch (error) {
    throw writeError(error, question.from);
  } finally {
    await source.close();
    await target.close();
  }
}

/** To another file system: what was copied goes to the trash, so that nothing is lost on the way. */
async function moveFar(
  { call, from, to }: Question,
  transfer: Transfer,
  { source, target }: { readonly source: Place; readonly target: Place },
): Promise<number> {
  const { sandbox } = transfer.services;
  const trash = new Trash(sandbox, source.root);
  if (!(await trash.isNear(source))) throw cannotLeave({ from, to });
  const bounds = { sandbox, path: from, signal: transfer.signal, maxEntries: MAX_LEFT_ENTRIES };
  const what = await survey({ ...bounds, goal: target.realPath }, source.folder, source.name);
  if (source.stats?.isSymbolicLink() === true) throw linkLeavesWorkspace(from);
  const entry = await sandbox.open(source.realPath);
  let leftOut: number;
  try {
    ({ leftOut } = await copy(transfer, entry, target));
  } finally {
    await entry.close();
  }
  try {
    await trash.put(source, deletionOf(call, source, what));
  } catch (error) {
    throw stillThere({ from, to }, source, error);
  }
  return leftOut;
}

/** The places of both, nothing being at the target. Close them. */
async function ends(question: Question): Promise<[Place, Place]> {
  const source = await sourcePlace(question);
  try {
    const isFolder = source.stats?.isDirectory() === true;
    return [source, await freePlace(question, source.realPath, isFolder)];
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function sourcePlace(question: Question): Promise<Place> {
  const { transfer, from } = question;
  try {
    return await transfer.places.of(from);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'READ_ONLY') throw onlyToCopy(question, error);
    if (error.code !== 'PATH_NOT_FOUND') throw error;
    const { lookup } = transfer.services;
    await (await lookup.open(from, lookFirst, transfer.signal)).close();
    throw error;
  }
}

async function freePlace(
  { transfer, from, to }: Question,
  realPath: string,
  isFolder: boolean,
): Promise<Place> {
  const target = await transfer.places.forNew(to);
  try {
    const inside = realPath === '/' ? '/' : `${realPath}/`;
    if (isFolder && target.realPath.startsWith(inside)) throw intoItself(from, to);
    if (target.stats === undefined) return target;
    throw target.stats.isDirectory() ? folderThere(from, to) : alreadyExists(to);
  } catch (error) {
    await target.close();
    throw error;
  }
}

function leftOutNote(count: number): string {
  return count === 0 ? '' : `; ${counted(count, 'link or special file', 'links and special files')} left out`;
}

async function versionNote({ transfer: { places }, to }: Question): Promise<string> {
  const place = await places.of(to).catch(() => undefined);
  await place?.close();
  return place?.stats?.isFile() === true ? `; version=${versionOf(place.stats)}` : '';
}

function keyOf({ root, realPath }: Place): string {
  return `${root.name}\0${realPath}`;
}

/** Not the move of what was not named. */
function lookFirst(path: string): string {
  return `${callText('list_files', { path: shown(parentOf(path)) })}, then move_file with the path that is meant`;
}

function again(from: string, to: string, isCopy: boolean): string {
  return callText('move_file', { from: shown(from), to: shown(to), copy: isCopy ? true : undefined });
}

function intoItself(from: string, to: string): AppError {
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(to)} lies in ${quoted(from)} itself. Nothing was changed.`,
    {
      next: 'choose a path outside of the folder',
    },
  );
}

function folderThere(from: string, to: string): AppError {
  return new AppError('ALREADY_EXISTS', `${quoted(to)} is a folder that exists. Nothing was changed.`, {
    next: `${again(from, joinPath(to, nameOf(from)), false)} puts it into that folder`,
  });
}

function onlyToCopy({ from, to }: Question, cause: AppError): AppError {
  return new AppError(cause.code, cause.message, { cause, next: `${again(from, to, true)} leaves it there` });
}

function cannotLeave({ from, to }: Pick<Question, 'from' | 'to'>): AppError {
  const why = 'lies on another file system than the trash of its workspace, so it cannot go there';
  const next = `${again(from, to, true)} leaves it there`;
  return new AppError('FORBIDDEN', `${quoted(from)} ${why}. Nothing was changed.`, { next });
}

function stillThere({ from, to }: Pick<Question, 'from' | 'to'>, { stats }: Place, cause: unknown): AppError {
  const recursive = stats?.isDirectory() === true ? true : undefined;
  return new AppError(
    cause instanceof AppError ? cause.code : 'SOURCE_UNAVAILABLE',
    `${quoted(to)} was made, but ${quoted(from)} cannot go to the trash and is still there.`,
    { cause, next: `leave both, or ${callText('delete_file', { path: shown(to), recursive })}` },
  );
}

function linkLeavesWorkspace(from: string): AppError {
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(from)} is a link, which would lead elsewhere from there.`,
    {
      next: 'copy what it leads to: the same call with copy: true',
    },
  );
}
