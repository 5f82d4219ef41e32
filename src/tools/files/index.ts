import { AppError } from '../../core/errors.ts';
import type { HealthCheck, HealthReport } from '../../core/health.ts';
import { WORKSPACE } from '../../core/permit.ts';
import type { Prompt } from '../../core/prompt.ts';
import type { ResourceProvider } from '../../core/resource.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Tool } from '../../core/tool.ts';
import { accessTo } from './access.ts';
import { listFilesTool } from './listing/list-files.ts';
import type { FilesOptions } from './options.ts';
import { exploreDataSet } from './prompts/explore-data-set.ts';
import { reviewFolder } from './prompts/review-folder.ts';
import { writeReport } from './prompts/write-report.ts';
import { readFileTool } from './reading/read-file.ts';
import { WorkspaceResources } from './resources/workspace-resources.ts';
import { searchFilesTool } from './searching/search-files.ts';
import { createFileServices } from './services.ts';
import { readDirectory } from './workspace/directory.ts';
import type { Sandbox } from './workspace/sandbox.ts';
import { WORKSPACE_URI } from './workspace/virtual-path.ts';

export interface FileTools {
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  readonly checks: readonly HealthCheck[];
  readonly sources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly path: string;
    readonly uri: string;
    readonly check: string;
  }[];
  readonly limits: Readonly<Record<string, number>>;
  /** Version of the search program; undefined where it is missing. */
  ripgrepVersion(): Promise<string | undefined>;
  close(): void;
}

const CHECK = 'workspace';

/**
 * The tools that work on the workspace. A folder that cannot be reached is no reason not to start, nor to
 * be taken for dead: calls say so, and the check tells the operator.
 */
export function createFileTools(options: FilesOptions, { logger }: { readonly logger: Logger }): FileTools {
  const services = createFileServices(options);
  const access = accessTo(services);
  const { sandbox, ripgrep } = services;
  return {
    tools: [listFilesTool(access), readFileTool(access), searchFilesTool(access)],
    resources: [new WorkspaceResources(access, services, logger)],
    prompts: [exploreDataSet(access), reviewFolder(access), writeReport(access)],
    checks: [{ name: CHECK, check: () => checkWorkspace(sandbox) }],
    sources: [{ name: WORKSPACE, kind: 'files', path: '/', uri: `${WORKSPACE_URI}/`, check: CHECK }],
    limits: {
      read_lines: options.maxReadLines,
      resource_bytes: options.maxResourceBytes,
      search_seconds: options.searchTimeoutMs / 1000,
    },
    ripgrepVersion: () =>
      ripgrep.version().catch((error: unknown) => {
        logger.warn({ err: error }, 'ripgrep cannot be started');
        return undefined;
      }),
    close: () => {
      ripgrep.close();
    },
  };
}

async function checkWorkspace(sandbox: Sandbox): Promise<HealthReport> {
  try {
    const root = await sandbox.open('/');
    try {
      if (root.kind !== 'directory') return { status: 'degraded', detail: 'the workspace is no folder' };
      await readDirectory(root);
      return { status: 'ok' };
    } finally {
      await root.close();
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
