import { join } from 'node:path';
import type { Scratch } from '../../core/scratch.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { ToolFeature, ToolFeatureContext } from '../../core/tool-feature.ts';
import type { WorkspaceFiles } from '../../core/workspace-files.ts';
import { accessTo } from './access.ts';
import { listFilesTool } from './listing/list-files.ts';
import { HeldFiles } from './held-files.ts';
import type { FilesOptions } from './options.ts';
import { exploreDataSet } from './prompts/explore-data-set.ts';
import { reviewFolder } from './prompts/review-folder.ts';
import { writeReport } from './prompts/write-report.ts';
import { readFileTool } from './reading/read-file.ts';
import { WorkspaceResources } from './resources/workspace-resources.ts';
import type { Ripgrep } from './ripgrep.ts';
import type { ScratchOptions } from './scratch/options.ts';
import { ScratchArea } from './scratch/scratch-area.ts';
import { searchFilesTool } from './searching/search-files.ts';
import { checksOf, sourcesOf } from './served-workspaces.ts';
import { createFileServices } from './services.ts';
import { createWriting } from './writing/writing.ts';

export { Trashes } from './trash/trashes.ts';

export interface FileTools extends ToolFeature {
  /** For tools of other kinds. */
  readonly files: WorkspaceFiles;
  readonly scratch: Scratch;
}

interface Options {
  readonly files: FilesOptions;
  readonly scratch: ScratchOptions;
}

/** The tools that work on the workspaces, and what other tools get of them. */
export function createFileTools(
  { files: options, scratch: keeping }: Options,
  context: ToolFeatureContext,
): FileTools {
  const { logger, dataDir, store } = context;
  const services = createFileServices(options, context);
  const scratch = new ScratchArea({
    directory: keeping.directory ?? join(dataDir, 'scratch'),
    lifetimeMs: keeping.lifetime * 1000,
    bytesPerSubject: keeping.bytesPerSubject,
    bytesInTotal: keeping.bytesInTotal,
    logger,
  });
  const access = accessTo(services, scratch);
  const writing = createWriting(access, { store, logger });
  const { sandbox, ripgrep } = services;
  return {
    tools: [listFilesTool(access), readFileTool(access), searchFilesTool(access), ...writing.tools],
    resources: [new WorkspaceResources(access, services, logger)],
    prompts: [exploreDataSet(access), reviewFolder(access), writeReport(access)],
    checks: checksOf(sandbox),
    sources: sourcesOf(sandbox),
    limits: {
      read_lines: options.maxReadLines,
      resource_bytes: options.maxResourceBytes,
      search_seconds: options.searchTimeoutMs / 1000,
    },
    files: new HeldFiles(access, writing.drafts),
    scratch,
    components: async () => [{ name: 'ripgrep', version: await versionOf(ripgrep, logger) }],
    close: async () => {
      writing.close();
      await scratch.close();
    },
  };
}

async function versionOf(ripgrep: Ripgrep, logger: Logger): Promise<string | undefined> {
  try {
    return await ripgrep.version();
  } catch (error) {
    logger.warn({ err: error }, 'ripgrep cannot be started');
    return undefined;
  }
}
