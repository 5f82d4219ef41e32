import { ConfigurationError, type Problem } from '../../core/configuration-error.ts';
import { CALL_TOOL, SEARCH_TOOLS } from '../../core/discovery.ts';
import type { Tool } from '../../core/tool.ts';
import type { FileAccessContext, ToolFeature } from '../../core/tool-feature.ts';
import { Fault } from './fault.ts';
import { loadToolFile } from './load-tool-file.ts';
import { type CustomOptions, fileName } from './options.ts';
import { ownContext } from './own-context.ts';

export interface CustomContext extends FileAccessContext {
  /** Names that are taken. */
  readonly builtin: readonly string[];
}

/** Names of built-in tools that are there only when they are configured or needed. */
const RESERVED = [
  ...['info', SEARCH_TOOLS, CALL_TOOL, 'modify_data', 'call_api'],
  ...['run_job', 'get_job', 'cancel_job'],
];

interface Loaded {
  readonly path: string;
  readonly tools: readonly Tool[];
}

/**
 * A team's own tools, in the order of their files. They are tools as all others are: scopes, policy, limits,
 * metrics and the audit log do not know the difference.
 *
 * @throws ConfigurationError that names everything that is wrong with any of the files
 */
export async function createCustomTools(
  { files }: CustomOptions,
  context: CustomContext,
): Promise<ToolFeature> {
  const problems: Problem[] = [];
  const loaded: Loaded[] = [];
  for (const entry of files) {
    const { path } = entry;
    try {
      loaded.push({ path, tools: await loadToolFile(path, ownContext(entry, context)) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const where = error.line === undefined ? path : `${path}:${error.line}`;
      problems.push({ where, setting: 'tools.custom.files', what: error.message, fix: error.fix });
    }
  }
  problems.push(...clashes(loaded, context.builtin));
  if (problems.length > 0) throw new ConfigurationError(problems);
  for (const { path, tools } of loaded) {
    const names = tools.map(({ name }) => name);
    context.logger.info({ file: fileName({ path }), tools: names }, 'own tools loaded');
  }
  return {
    tools: loaded.flatMap(({ tools }) => tools),
    resources: [],
    prompts: [],
    checks: [],
    sources: [],
    limits: {},
    components: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
}

function clashes(loaded: readonly Loaded[], builtin: readonly string[]): Problem[] {
  const owners = new Map([...builtin, ...RESERVED].map((name) => [name, 'Fairlead itself']));
  const problems: Problem[] = [];
  for (const { path, tools } of loaded) {
    for (const { name } of tools) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, path);
      else problems.push(clash(path, name, owner));
    }
  }
  return problems;
}

function clash(path: string, name: string, owner: string): Problem {
  return {
    where: path,
    setting: 'tools.custom.files',
    what: `${owner === path ? 'the same file' : owner} has a tool ${name} already`,
    fix: 'give the tool another name',
  };
}
