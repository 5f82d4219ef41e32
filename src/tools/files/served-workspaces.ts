import { AppError } from '../../core/errors.ts';
import type { HealthCheck, HealthReport } from '../../core/health.ts';
import type { Source } from '../../core/tool-feature.ts';
import type { FilesOptions } from './options.ts';
import type { DenyList } from './workspace/deny-list.ts';
import { readDirectory } from './workspace/directory.ts';
import { type Root, WorkspaceRoot } from './workspace/root.ts';
import type { Sandbox } from './workspace/sandbox.ts';
import { toUri } from './workspace/virtual-path.ts';

/**
 * The single workspace at `/`, or each of several below its name.
 *
 * @throws AppError `CONFIGURATION_INVALID`
 */
export function rootsFor({ workspace, access, workspaces }: FilesOptions, deny: DenyList): WorkspaceRoot[] {
  if (workspaces.length === 0) return [new WorkspaceRoot('/', workspace, { access })];
  const hidden = workspaces.find(({ name }) => deny.hides(`/${name}`));
  if (hidden !== undefined) throw isDenied(hidden.name);
  return workspaces.map(({ name, path, ...about }) => new WorkspaceRoot(`/${name}`, path, about));
}

function isDenied(name: string): AppError {
  return new AppError(
    'CONFIGURATION_INVALID',
    `The deny list hides the whole workspace ${JSON.stringify(name)}.`,
    {
      next: 'give it another name, or correct tools.files.deny (FAIRLEAD_TOOLS_FILES_DENY)',
    },
  );
}

/** What `info` lists and policies name. */
export function sourcesOf({ mounts }: Sandbox): Source[] {
  return mounts.workspaces.map((root) => {
    const { name, mount, access, description } = root;
    const words = [
      ...(description === undefined ? [] : [description]),
      ...(access === 'read' ? ['read only'] : []),
    ];
    return {
      ...{ name, kind: 'workspace', path: mount, uri: toUri(mount), check: checkName(root) },
      ...(words.length === 0 ? {} : { description: words.join('; ') }),
      isAllowed: (permit) => permit.allowsWorkspace(name),
    };
  });
}

/**
 * A folder that cannot be reached is no reason not to start, nor to be taken for dead: calls say so, the other
 * workspaces go on working, and the check tells the operator.
 */
export function checksOf(sandbox: Sandbox): HealthCheck[] {
  return sandbox.mounts.workspaces.map((root) => ({
    name: checkName(root),
    check: () => checkWorkspace(sandbox, root),
  }));
}

function checkName({ mount, name }: Root): string {
  return mount === '/' ? 'workspace' : `workspace:${name}`;
}

async function checkWorkspace(sandbox: Sandbox, { mount }: Root): Promise<HealthReport> {
  try {
    const directory = await sandbox.open(mount);
    try {
      if (directory.kind !== 'directory') return { status: 'degraded', detail: 'the workspace is no folder' };
      await readDirectory(directory);
      return { status: 'ok' };
    } finally {
      await directory.close();
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const isForbidden = error.code === 'FORBIDDEN';
    return {
      status: 'degraded',
      detail: isForbidden
        ? 'the server may not read the workspace folder'
        : 'the workspace folder cannot be reached',
    };
  }
}
