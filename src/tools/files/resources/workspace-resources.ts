import * as z from 'zod';
import type { ResourceContents } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import type {
  ResourceChange,
  ResourceContext,
  ResourcePage,
  ResourceProvider,
  ResourceWatch,
} from '../../../core/resource.ts';
import type { Logger } from '../../../core/telemetry.ts';
import type { FileAccess } from '../access.ts';
import { Cursors } from '../cursor.ts';
import { tooMany } from '../listing/inventory.ts';
import { measure } from '../listing/measure.ts';
import { positionOf } from '../listing/position.ts';
import type { FoundEntry } from '../listing/walk.ts';
import { mimeTypeOf } from '../mime-types.ts';
import type { FileServices } from '../services.ts';
import { Warnings } from '../watching/warnings.ts';
import { WorkspaceWatch } from '../watching/workspace-watch.ts';
import { fileError } from '../workspace/file-error.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { nameOf, toUri, WORKSPACE_URI } from '../workspace/virtual-path.ts';
import { checkedRange, rangeContents, wholeContents } from './contents.ts';
import { completePath } from './path-completion.ts';
import { parseResourceUri, type ResourceAddress } from './resource-uri.ts';

const PREFIX = `${WORKSPACE_URI}/`;
const PAGE = 200;
const MAX_FILES = 200_000;

const cursors = new Cursors('resources/list', z.string().min(1).max(4096));

interface Found extends FoundEntry {
  readonly position: string;
}

/** Each file of the workspace as `fairlead://workspace/<path>`. */
export class WorkspaceResources implements ResourceProvider {
  readonly prefix = PREFIX;
  readonly scopes = ['files:read'] as const;
  readonly shows = ['list_files', 'read_file'];
  readonly templates = [
    {
      uriTemplate: `${PREFIX}{+path}`,
      name: 'workspace-file',
      title: 'File of the workspace',
      description: 'One file, whole. Text comes as text, everything else as base64.',
    },
    {
      uriTemplate: `${PREFIX}{+path}{?offset,length}`,
      name: 'workspace-file-part',
      title: 'Part of a file of the workspace',
      description:
        'length bytes of a file from the byte offset on, for files that are too large to be read whole. Text is cut between characters; _meta tells size, offset and length, and as next the URI of the part that follows.',
    },
  ];
  readonly #access: FileAccess;
  readonly #services: FileServices;
  readonly #warnings: Warnings;

  /** @param services For the watch, which is everybody's: who is told of a change is judged elsewhere. */
  constructor(access: FileAccess, services: FileServices, logger: Logger) {
    this.#access = access;
    this.#services = services;
    this.#warnings = new Warnings(logger);
  }

  /** All files that are not ignored, in the order of their paths. */
  async list({ principal, signal }: ResourceContext, cursor: string | undefined): Promise<ResourcePage> {
    const services = this.#access.seenBy(principal);
    const { sandbox, directories } = services;
    if (sandbox.mounts.workspaces.length === 0) return { resources: [] };
    const after = cursor === undefined ? undefined : positionOf(cursors.read(PREFIX, cursor));
    const found = await filesAfter(services, after, signal);
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

  async read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]> {
    const { path, range } = parseResourceUri(uri);
    const file = await this.#open(context, path);
    try {
      const question = { file, uri, maxBytes: this.#services.options.maxResourceBytes };
      return [await (range === undefined ? wholeContents(question) : rangeContents(question, range))];
    } catch (error) {
      throw fileError(error, path);
    } finally {
      await file.close();
    }
  }

  async check(context: ResourceContext, uri: string): Promise<void> {
    const { path, range } = parseResourceUri(uri);
    const file = await this.#open(context, path);
    await file.close();
    if (range !== undefined) checkedRange(file, range, this.#services.options.maxResourceBytes);
  }

  async complete(
    { principal }: ResourceContext,
    variable: string,
    typed: string,
  ): Promise<readonly string[]> {
    return variable === 'path' ? await completePath(this.#access.seenBy(principal).sandbox, typed) : [];
  }

  watch(report: (change: ResourceChange) => void): ResourceWatch {
    const pathOf = (uri: string): string | undefined => addressOf(uri)?.path;
    return new WorkspaceWatch(this.#services, { pathOf, report, warnings: this.#warnings });
  }

  #open({ principal, signal }: ResourceContext, path: string): Promise<OpenFile> {
    const again = (other: string): string => `read the resource ${toUri(other)}`;
    return this.#access.seenBy(principal).lookup.openFile(path, again, signal);
  }
}

async function filesAfter(
  { sandbox, finder }: FileServices,
  after: string | undefined,
  signal: AbortSignal,
): Promise<Found[]> {
  const found: Found[] = [];
  let total = 0;
  const root = await sandbox.open('/');
  try {
    await finder.each(root, { includeIgnored: false, signal }, (relative) => {
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

/** Undefined for what names no resource. */
function addressOf(uri: string): ResourceAddress | undefined {
  try {
    return parseResourceUri(uri);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
