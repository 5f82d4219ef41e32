import type { FileAccessContext, ToolFeature } from '../../core/tool-feature.ts';
import { fetchUrlTool } from './fetching/fetch-url.ts';
import { PageMaker } from './fetching/page-maker.ts';
import { ForeignText } from './foreign-text.ts';
import type { WebOptions } from './options.ts';

/** The tools that reach the web. */
export async function createWebTools(options: WebOptions, context: FileAccessContext): Promise<ToolFeature> {
  const { createFetch, processes, version } = context;
  const foreign = new ForeignText();
  const maker = new PageMaker(processes, { maxBytes: options.maxBytes });
  // Only a server that has APIs loads what calls them.
  const calling =
    options.apis.length === 0
      ? { tools: [], checks: [], sources: [] }
      : (await import('./calling/index.ts')).createApiTools(options.apis, { createFetch, foreign });
  return {
    tools: [
      ...(options.fetch ? [fetchUrlTool({ options, createFetch, version, foreign, maker })] : []),
      ...calling.tools,
    ],
    resources: [],
    prompts: [],
    checks: calling.checks,
    sources: calling.sources,
    limits: options.fetch ? { fetch_bytes: options.maxBytes, fetch_seconds: options.timeoutMs / 1000 } : {},
    components: () => Promise.resolve([]),
    close: () => {
      maker.close();
      return Promise.resolve();
    },
  };
}
