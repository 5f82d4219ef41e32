import type { HealthCheck } from '../core/health.ts';
import type { Prompt } from '../core/prompt.ts';
import type { ResourceProvider } from '../core/resource.ts';
import type { Scratch } from '../core/scratch.ts';
import type { Tool } from '../core/tool.ts';
import type { FileAccessContext, Source, ToolFeature, ToolFeatureContext } from '../core/tool-feature.ts';
import { createCustomTools } from './custom/index.ts';
import { createDataTools } from './data/index.ts';
import { createFileTools } from './files/index.ts';
import { infoTool } from './info/info.ts';
import type { ToolsOptions } from './options.ts';
import { createWebTools } from './web/index.ts';

export { renderPromptsDoc, renderToolsDoc } from './docs.ts';
export { Trashes } from './files/index.ts';

export interface ToolsContext extends ToolFeatureContext {
  /** The checks of the whole service, for `info` to tell about. Read at each look, so it may grow after this call. */
  readonly checks: readonly HealthCheck[];
  /** Who may use more tools than these sees the own ones in no list. */
  readonly maxListed: number;
}

export interface Tools {
  readonly tools: readonly Tool[];
  /** Those of them that come of the operator's own files. */
  readonly own: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  /** To be added to the checks of the service. */
  readonly checks: readonly HealthCheck[];
  /** Names of what policies can allow beside tools. */
  readonly places: Readonly<Record<'workspaces' | 'sources' | 'jobs' | 'apis', readonly string[]>>;
  /** Where results go that are too large. */
  readonly scratch: Scratch;
  /** Ends what was begun under an authority that was revoked and outlives its call. */
  revoked(authority: string): void;
  /** Lets what outlives its call end within the limit. */
  finish(limitMs: number): Promise<void>;
  /** Ends the processes that still run. */
  close(): Promise<void>;
}

/** The built-in tools, resources and prompts. A tool of one's own is one line in `all`. */
export async function createTools(options: ToolsOptions, context: ToolsContext): Promise<Tools> {
  const { logger, version, checks, maxListed } = context;
  const files = createFileTools(options, context);
  const shared = { ...context, files: files.files, scratch: files.scratch };
  const builtin: readonly ToolFeature[] = [
    files,
    ...(await Promise.all([
      createDataTools(options.data, shared),
      createWebTools(options.web, shared),
      ...(options.jobs.jobs.length === 0 ? [] : [jobTools(options.jobs, shared)]),
    ])),
  ];
  const names = builtin.flatMap(({ tools }) => tools.map(({ name }) => name));
  const own = await createCustomTools(options.custom, { ...shared, builtin: names });
  const features = [...builtin, own];
  const all = features.flatMap(({ tools }) => tools);
  const offered = all.filter((tool) => !options.readOnly || tool.effect === 'read');
  const tail = own.tools.filter((tool) => offered.includes(tool));
  const sources = features.flatMap((feature) => feature.sources);
  const limits = Object.fromEntries(features.flatMap((feature) => Object.entries(feature.limits)));
  const info = infoTool({
    version,
    readOnly: options.readOnly,
    tools: offered,
    tail,
    maxListed,
    sources,
    limits: { output_tokens: options.outputTokens, ...limits },
    checks,
    natives: async () => [
      { name: 'node', version: process.versions.node },
      ...(await Promise.all(features.map((feature) => feature.components()))).flat(),
    ],
    logger,
  });
  return {
    tools: [info, ...offered],
    own: tail,
    resources: features.flatMap(({ resources }) => resources),
    prompts: features.flatMap(({ prompts }) => prompts),
    checks: features.flatMap((feature) => feature.checks),
    places: placesOf(sources),
    scratch: files.scratch,
    revoked: (authority) => {
      for (const feature of features) feature.revoked?.(authority);
    },
    finish: async (limitMs) => {
      await Promise.all(features.map(async (feature) => feature.finish?.(limitMs)));
    },
    close: async () => {
      await Promise.all(features.map((feature) => feature.close()));
    },
  };
}

/** Most servers run no jobs, and are not to load what does. */
async function jobTools(options: ToolsOptions['jobs'], context: FileAccessContext): Promise<ToolFeature> {
  const { createJobTools } = await import('./jobs/index.ts');
  return createJobTools(options, context);
}

function placesOf(sources: readonly Source[]): Tools['places'] {
  const named = (...kinds: string[]): string[] =>
    sources.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  return {
    workspaces: named('workspace'),
    sources: named('files', 'sqlite', 'postgres', 'mysql'),
    jobs: named('job'),
    apis: named('api'),
  };
}
