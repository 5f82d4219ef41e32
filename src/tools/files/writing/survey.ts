import { AppError } from '../../../core/errors.ts';
import { callText, grouped } from '../../../core/phrases.ts';
import type { HeldFolder } from '../workspace/held-folder.ts';
import type { Sandbox } from '../workspace/sandbox.ts';
import { joinPath, quoted, shown } from '../workspace/virtual-path.ts';

/** What a file or folder consists of. */
export interface Survey {
  /** Itself and all that is in it. */
  readonly entries: number;
  /** Of its files. */
  readonly bytes: number;
}

interface Question {
  readonly sandbox: Sandbox;
  readonly path: string;
  readonly signal: AbortSignal;
  readonly maxEntries: number;
  /** Where it is to be, where that is another place. */
  readonly goal?: string;
}

interface Counting extends Question {
  entries: number;
  bytes: number;
}

/**
 * Counts what is to be moved or removed as a whole. What an operator hides in it stays where it is, so then it is
 * refused: moved, it might be shown under another path; removed, it would be lost to who knows of it.
 *
 * @throws AppError `FORBIDDEN`, `INVALID_ARGUMENT` for too many entries; the signal's reason
 */
export async function survey(question: Question, folder: HeldFolder, name: string): Promise<Survey> {
  const counting: Counting = { ...question, entries: 0, bytes: 0 };
  await count(counting, folder, { name, goal: question.goal });
  return counting;
}

interface Item {
  readonly name: string;
  readonly goal: string | undefined;
}

async function count(counting: Counting, folder: HeldFolder, { name, goal }: Item): Promise<void> {
  const { signal, sandbox, path } = counting;
  signal.throwIfAborted();
  const paths = [folder.pathOf(name), ...(goal === undefined ? [] : [goal])];
  if (paths.some((one) => sandbox.hidesEntry(one))) throw holdsHidden(path);
  if (++counting.entries > counting.maxEntries) throw tooMany(counting);
  const stats = await folder.look(name);
  if (stats?.isDirectory() === true) await countInside(counting, await folder.enter(name), goal);
  else counting.bytes += Number(stats?.size ?? 0);
}

async function countInside(counting: Counting, inside: HeldFolder, goal: string | undefined): Promise<void> {
  try {
    for (const { name } of await inside.entries()) {
      await count(counting, inside, { name, goal: goal === undefined ? undefined : joinPath(goal, name) });
    }
  } finally {
    await inside.close();
  }
}

function holdsHidden(path: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `${quoted(path)} holds something that the operator keeps from tools, so it stays as a whole. Nothing was changed.`,
    { next: 'move or delete what you see in it one by one' },
  );
}

function tooMany({ path, maxEntries }: Question): AppError {
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} holds more than ${grouped(maxEntries)} files and folders. Nothing was changed.`,
    { next: `take its folders one by one: ${callText('list_files', { path: shown(path), depth: 1 })}` },
  );
}
