import type { FileHandle } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { callText, counted } from '../../../core/phrases.ts';
import type { HeldFile, WorkspaceFiles } from '../../../core/workspace-files.ts';
import type { Asking } from '../source.ts';
import { openNameless } from './nameless-file.ts';
import type { Link, Places, Wanted } from './protocol.ts';

// Each is an open file.
const MAX_FILES = 500;
const GLOB = /[*?[\]{}]/;

interface Question {
  readonly files: WorkspaceFiles;
  readonly asking: Pick<Asking, 'principal' | 'signal'>;
  /** How the caller asks again with another path. */
  readonly again: (spelling: string, path: string) => string;
  /** Where sheets are written, to files that have no name. */
  readonly folder: string;
}

/** What the engine reads by a name that tells it nothing of where it lies. */
interface Opened {
  readonly name: string;
  readonly handle: FileHandle;
  close(): Promise<void>;
}

/** The files of a statement, open for as long as it runs. */
export class OpenedFiles {
  readonly #opened = new Map<string, Opened>();
  readonly #places: Record<string, readonly string[]> = {};

  /**
   * @throws AppError what the paths demand, `INVALID_ARGUMENT` for too many files
   */
  static async open(wanted: readonly Wanted[], question: Question): Promise<OpenedFiles> {
    const opened = new OpenedFiles();
    try {
      for (const one of wanted) await opened.#place(one, question);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  get places(): Places {
    return this.#places;
  }

  get links(): readonly Link[] {
    return [...this.#opened.values()].map(({ name, handle }) => ({
      name,
      target: descriptorPath(handle.fd),
    }));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#opened.values()].map((opened) => opened.close()));
  }

  async #place(wanted: Wanted, question: Question): Promise<void> {
    const { key, spelling } = wanted;
    const { files, asking } = question;
    const found = GLOB.test(spelling)
      ? await files.find(asking.principal, spelling, MAX_FILES, asking.signal)
      : { paths: [], more: false };
    if (found.more || this.#opened.size + found.paths.length > MAX_FILES) throw tooMany(spelling);
    // Opening what does not exist tells what it might have been.
    const paths = found.paths.length === 0 ? [spelling] : found.paths;
    const names: string[] = [];
    for (const path of paths) names.push(await this.#hold(path, wanted, question));
    this.#places[key] = names;
  }

  async #hold(path: string, { spelling, sheet }: Wanted, question: Question): Promise<string> {
    const { files, asking, again } = question;
    const file = await files.open(asking.principal, path, (other) => again(spelling, other), asking.signal);
    const key = sheet === undefined ? file.path : `${file.path}\0${sheet ?? ''}`;
    const known = this.#opened.get(key);
    if (known !== undefined) {
      await file.close();
      return known.name;
    }
    const names = new Set([...this.#opened.values()].map((other) => other.name));
    const name = nameFor(file.path, names);
    const { handle } = sheet === undefined ? file : await sheetOf(file, sheet, question);
    const close = (): Promise<void> => (sheet === undefined ? file.close() : handle.close());
    this.#opened.set(key, { name, handle, close });
    return name;
  }
}

/** The sheet as CSV, instead of its workbook. */
async function sheetOf(
  file: HeldFile,
  sheet: string | null,
  { files, asking: { principal, signal }, folder }: Question,
): Promise<{ readonly handle: FileHandle }> {
  const target = await openNameless(folder);
  try {
    await files.writeSheet(principal, file, { sheet: sheet ?? undefined, target }, signal);
    return { handle: target };
  } catch (error) {
    await target.close();
    throw error;
  } finally {
    await file.close();
  }
}

export function descriptorPath(descriptor: number): string {
  return `/proc/${process.pid}/fd/${descriptor}`;
}

/**
 * The path from the root, without what the engine would take for a pattern, a home directory or a scheme: to it,
 * `file:/etc/passwd` is no file in a folder called `file:`, and the service would have allowed that path itself.
 */
function nameFor(path: string, taken: ReadonlySet<string>): string {
  const plain = path
    .slice(1)
    .replace(/[*?[\]{}\\:]/g, '_')
    .replace(/^~/, '_');
  const slash = plain.lastIndexOf('/') + 1;
  let name = plain;
  for (let number = 2; taken.has(name); number++)
    name = `${plain.slice(0, slash)}${number}_${plain.slice(slash)}`;
  return name;
}

function tooMany(spelling: string): AppError {
  return new AppError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(spelling)} makes more than ${counted(MAX_FILES, 'file')}; that is as many as one statement can read.`,
    { next: callText('list_files', { path: '/', glob: spelling }) },
  );
}
