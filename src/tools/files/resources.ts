import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import type { ResourceContents } from '../../core/content.ts';
import { AppError } from '../../core/errors.ts';
import type { ResourceContext, ResourcePage, ResourceProvider } from '../../core/resource.ts';
import { Cursors } from './cursor.ts';
import { tooMany } from './listing/inventory.ts';
import { measure } from './listing/measure.ts';
import { positionOf } from './listing/position.ts';
import type { FoundEntry } from './listing/walk.ts';
import { mimeTypeOf } from './mime-types.ts';
import { callText, fileSize } from './phrases.ts';
import type { FileServices } from './services.ts';
import { readDirectory } from './workspace/directory.ts';
import { fileError } from './workspace/file-error.ts';
import type { OpenFile } from './workspace/sandbox.ts';
import {
  isPlain,
  joinPath,
  nameOf,
  quoted,
  toUri,
  virtualPath,
  WORKSPACE_URI,
} from './workspace/virtual-path.ts';

const PREFIX = `${WORKSPACE_URI}/`;
const PAGE = 200;
const MAX_FILES = 200_000;
const MAX_COMPLETIONS = 100;

const cursors = new Cursors('resources/list', z.string().min(1).max(4096));

interface Found extends FoundEntry {
  readonly position: string;
}

/** Each file of the workspace as `fairlead://workspace/<path>`. */
export class WorkspaceResources implements ResourceProvider {
  readonly prefix = PREFIX;
  readonly scopes = ['files:read'] as const;
  readonly templates = [
    {
      uriTemplate: `${PREFIX}{+path}`,
      name: 'workspace-file',
      title: 'File of the workspace',
      description: 'One file, whole. Large files are read in parts with the tool read_file.',
    },
  ];
  readonly #services: FileServices;

  constructor(services: FileServices) {
    this.#services = services;
  }

  /** All files that are not ignored, in the order of their paths. */
  async list({ signal }: ResourceContext, cursor: string | undefined): Promise<ResourcePage> {
    const { sandbox, directories } = this.#services;
    const after = cursor === undefined ? undefined : positionOf(cursors.read(PREFIX, cursor));
    const found = await this.#filesAfter(after, signal);
    const page = found.slice(0, PAGE);
    const measured = await measure(sandbox, '/', page, { slots: directories, signal });
    const resources = measured.map(({ entry, size }) => {
      const path = `/${entry.relative}`;
      const mimeType = mimeTypeOf(path);
      return { uri: toUri(path), name: nameOf(path), size, ...(mimeType === undefined ? {} : { mimeType }) };
    });
    const last = page.at(-1);
    if (last === undefined || found.length <= PAGE) return { resources };
    return { resources, nextCursor: cursors.write(PREFIX, last.relative) };
  }

  async #filesAfter(after: string | undefined, signal: AbortSignal): Promise<Found[]> {
    const found: Found[] = [];
    let total = 0;
    const root = await this.#services.sandbox.open('/');
    try {
      await this.#services.finder.each(root, { includeIgnored: false, signal }, (relative) => {
        if (++total > MAX_FILES) throw tooMany();
        const position = positionOf(relative);
        if (after === undefined || position > after) found.push({ relative, kind: 'file', position });
        return true;
      });
    } finally {
      await root.close();
    }
    return found.sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  async read({ signal }: ResourceContext, uri: string): Promise<readonly ResourceContents[]> {
    const path = virtualPath(uri);
    const file = await this.#services.lookup.openFile(
      path,
      (other) => `read the resource ${toUri(other)}`,
      signal,
    );
    try {
      return [await this.#contents(file, uri)];
    } catch (error) {
      throw fileError(error, path);
    } finally {
      await file.close();
    }
  }

  /** Paths that start with what was typed: entries of the folder that it leads into. */
  async complete(_context: ResourceContext, variable: string, typed: string): Promise<readonly string[]> {
    if (variable !== 'path') return [];
    const end = typed.lastIndexOf('/') + 1;
    const [folder, start] = [typed.slice(0, end), typed.slice(end).toLowerCase()];
    try {
      const names = await this.#entriesOf(virtualPath(`/${folder}`));
      const fitting = names.filter((name) => name.toLowerCase().startsWith(start));
      return fitting.slice(0, MAX_COMPLETIONS).map((name) => `${folder}${name}`);
    } catch (error) {
      // While somebody types, most of it leads nowhere.
      if (error instanceof AppError) return [];
      throw error;
    }
  }

  /** Names in a folder, in order, folders with a slash; but for those that cannot be typed. */
  async #entriesOf(path: string): Promise<string[]> {
    const { sandbox } = this.#services;
    const directory = await sandbox.open(path);
    try {
      const entries = (await readDirectory(directory)).filter(
        ({ name }) => isPlain(name) && !sandbox.deny.hidesEntry(joinPath(path, name)),
      );
      return entries.map(({ name, kind }) => (kind === 'directory' ? `${name}/` : name)).sort();
    } finally {
      await directory.close();
    }
  }

  async #contents(file: OpenFile, uri: string): Promise<ResourceContents> {
    const { size } = file.stats;
    const { maxResourceBytes } = this.#services.options;
    if (size > maxResourceBytes) {
      throw new AppError(
        'FILE_TOO_LARGE',
        `${quoted(file.path)} has ${fileSize(size)}; resources of up to ${fileSize(maxResourceBytes)} are served whole.`,
        { next: callText('read_file', { paths: [file.path] }) },
      );
    }
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await file.handle.read(buffer, 0, size, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const isText = isUtf8(bytes) && !bytes.includes(0);
    const mimeType = mimeTypeOf(file.path) ?? (isText ? 'text/plain' : 'application/octet-stream');
    return isText
      ? { uri, mimeType, text: bytes.toString('utf8') }
      : { uri, mimeType, blob: bytes.toString('base64') };
  }
}
