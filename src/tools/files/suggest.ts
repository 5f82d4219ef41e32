import { editDistance } from '../../core/arguments.ts';
import { AppError } from '../../core/errors.ts';
import type { FileFinder } from './listing/find-files.ts';
import { literalGlob } from './globs.ts';
import { callText } from '../../core/phrases.ts';
import type { Entry, EntryKind, OpenFile, Sandbox } from './workspace/sandbox.ts';
import { joinPath, nameOf, parentOf, quoted, shown } from './workspace/virtual-path.ts';

const SUGGESTIONS = 3;
const MAX_NAMES = 2000;
const MAX_FOUND = 200;
const PATIENCE_MS = 300;
/** Folders that do not exist on a way up, each of which is looked for. */
const MAX_LEVELS = 50;
// Shares of a name that are to be changed: a slip of the fingers, and the most that may still be meant.
const NEAR = 0.34;
const FAR = 0.5;

/** How the caller asks again, with another path. */
export type Again = (path: string) => string;

interface Request {
  readonly path: string;
  readonly again: Again;
  readonly signal: AbortSignal;
  readonly filesOnly: boolean;
}

interface Similar {
  readonly name: string;
  readonly distance: number;
}

/** Opens what a tool was asked for; for what does not exist it looks up what may have been meant. */
export class Lookup {
  readonly #sandbox: Sandbox;
  readonly #finder: FileFinder;

  constructor(sandbox: Sandbox, finder: FileFinder) {
    this.#sandbox = sandbox;
    this.#finder = finder;
  }

  /** @throws AppError as `Sandbox.open`; `PATH_NOT_FOUND` names up to three closest paths */
  open(path: string, again: Again, signal: AbortSignal): Promise<Entry> {
    const request = { path, again, signal, filesOnly: false };
    return this.#explained(() => this.#sandbox.open(path), request);
  }

  /** @throws AppError as `Sandbox.openFile`; `PATH_NOT_FOUND` names up to three closest files */
  openFile(path: string, again: Again, signal: AbortSignal): Promise<OpenFile> {
    const request = { path, again, signal, filesOnly: true };
    return this.#explained(() => this.#sandbox.openFile(path), request);
  }

  async #explained<T>(work: () => Promise<T>, request: Request): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'PATH_NOT_FOUND') throw error;
      const ancestor = await this.#existingAncestor(request.path);
      const { likely, closest } = await this.#closest(request, ancestor);
      const names = closest.length === 0 ? '' : ` Closest: ${closest.map(quoted).join(', ')}.`;
      throw new AppError('PATH_NOT_FOUND', `There is no ${quoted(request.path)}.${names}`, {
        next:
          likely === undefined ? callText('list_files', { path: shown(ancestor) }) : request.again(likely),
        cause: error,
      });
    }
  }

  async #existingAncestor(path: string): Promise<string> {
    let ancestor = parentOf(path);
    for (let levels = 0; ancestor !== '/' && !(await this.#exists(ancestor, 'directory')); levels++)
      ancestor = levels < MAX_LEVELS ? parentOf(ancestor) : '/';
    return ancestor;
  }

  /** Undefined where there is nothing: somebody may be allowed to see no workspace at all. */
  async #tryOpen(path: string): Promise<Entry | undefined> {
    try {
      return await this.#sandbox.open(path);
    } catch (error) {
      if (error instanceof AppError && error.code === 'PATH_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #exists(path: string, kind?: EntryKind): Promise<boolean> {
    try {
      const entry = await this.#sandbox.open(path);
      await entry.close();
      return kind === undefined || entry.kind === kind;
    } catch {
      return false;
    }
  }

  /** Up to three paths that exist, best first, and the one that was probably meant. */
  async #closest(
    request: Request,
    ancestor: string,
  ): Promise<{ likely: string | undefined; closest: string[] }> {
    const { path, signal, filesOnly } = request;
    const missing = path.slice(ancestor === '/' ? 1 : ancestor.length + 1);
    const [first = '', ...rest] = missing.split('/');
    const siblings = await this.#similarNames(ancestor, first);
    const pathsOf = (names: readonly Similar[]): string[] =>
      names.map(({ name }) => joinPath(ancestor, [name, ...rest].join('/')));
    const near = pathsOf(siblings.filter(({ distance }) => distance <= NEAR));
    const far = pathsOf(siblings.filter(({ distance }) => distance > NEAR));
    const elsewhere = await this.#sameName(path, signal);
    const candidates = new Set([...near, ...elsewhere, ...far]);
    const closest: string[] = [];
    for (const candidate of candidates) {
      if (closest.length === SUGGESTIONS) break;
      if (await this.#exists(candidate, filesOnly ? 'file' : undefined)) closest.push(candidate);
    }
    const isOnlyOne = elsewhere.length === 1;
    const likely = closest.find((one) => near.includes(one) || (isOnlyOne && elsewhere.includes(one)));
    return { likely, closest };
  }

  /** Names in the directory that one may have meant by `wanted`, best first. */
  async #similarNames(directory: string, wanted: string): Promise<Similar[]> {
    const entry = await this.#tryOpen(directory);
    if (entry === undefined) return [];
    try {
      const names = await this.#sandbox.entriesOf(entry, MAX_NAMES);
      return names
        .map(({ name }) => ({ name, distance: unlikeness(wanted, name) }))
        .filter(({ distance }) => distance <= FAR)
        .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
        .slice(0, SUGGESTIONS * 2);
    } finally {
      await entry.close();
    }
  }

  /** Files of exactly this name (but for case) anywhere, those with the most similar path first. */
  async #sameName(path: string, signal: AbortSignal): Promise<string[]> {
    const root = await this.#tryOpen('/');
    const found: string[] = [];
    if (root === undefined) return found;
    try {
      const glob = literalGlob(nameOf(path));
      const question = { glob, ignoreCase: true, includeIgnored: false, signal, patienceMs: PATIENCE_MS };
      await this.#finder.each(root, question, (relative) => found.push(`/${relative}`) < MAX_FOUND);
    } catch {
      // A suggestion is a courtesy: the caller hears of what is missing in any case.
      signal.throwIfAborted();
    } finally {
      await root.close();
    }
    return found
      .map((name) => ({ name, distance: editDistance(path, name) }))
      .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
      .slice(0, SUGGESTIONS)
      .map(({ name }) => name);
  }
}

/** Edits for each character of the longer name, less for typical slips: 0 for the same name but for case, 1 for nothing in common. */
function unlikeness(wanted: string, name: string): number {
  const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
  const stem = (text: string): string => text.replace(/(.)\.[^.]*$/, '$1');
  if (stem(a) === stem(b)) return a === b ? 0 : 0.1;
  const letters = (text: string): string => Array.from(text).sort().join('');
  if (letters(a) === letters(b)) return 0.2;
  return editDistance(a, b) / Math.max(a.length, b.length);
}
