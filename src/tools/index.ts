import type { HealthCheck } from '../core/health.ts';
import type { Prompt } from '../core/prompt.ts';
import type { ResourceProvider } from '../core/resource.ts';
import type { Logger } from '../core/telemetry.ts';
import type { Tool } from '../core/tool.ts';
import { createFileTools } from './files/index.ts';
import { infoTool } from './info/info.ts';
import type { ToolsOptions } from './options.ts';

export { renderPromptsDoc, renderToolsDoc } from './docs.ts';

export interface ToolsContext {
  readonly logger: Logger;
  /** Of the product. */
  readonly version: string;
  /** The checks of the whole service, for `info` to tell about. Read at each look, so it may grow after this call. */
  readonly checks: readonly HealthCheck[];
}

export interface Tools {
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  /** To be added to the checks of the service. */
  readonly checks: readonly HealthCheck[];
  /** Ends the processes that still run. */
  close(): Promise<void>;
}

/** The built-in tools, resources and prompts. A tool of one's own is one line in `all`. */
export function createTools(options: ToolsOptions, context: ToolsContext): Promise<Tools> {
  const { logger, version, checks } = context;
  const files = createFileTools(options.files, { logger });
  const all = [...files.tools];
  const offered = all.filter((tool) => !options.readOnly || tool.effect === 'read');
  const info = infoTool({
    version,
    readOnly: options.readOnly,
    tools: offered,
    sources: files.sources,
    limits: { output_tokens: options.outputTokens, ...files.limits },
    checks,
    natives: async () => [
      { name: 'node', version: process.versions.node },
      { name: 'ripgrep', version: await files.ripgrepVersion() },
    ],
    logger,
  });
  return Promise.resolve({
    tools: [info, ...offered],
    resources: files.resources,
    prompts: files.prompts,
    checks: files.checks,
    close: () => {
      files.close();
      return Promise.resolve();
    },
  });
}
