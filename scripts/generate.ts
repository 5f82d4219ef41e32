/**
 * Writes the documents that are made from the code. With `--check`, writes nothing and exits 1 naming those
 * that are stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { renderEnvExample } from '../src/config/env-example.ts';
import { renderJsonSchema } from '../src/config/json-schema.ts';
import { renderReference } from '../src/config/reference.ts';
import { loadConfig } from '../src/config/index.ts';
import { configSchema } from '../src/config/schema.ts';
import type { Logger } from '../src/core/telemetry.ts';
import { callTool } from '../src/mcp/discovery/call-tool.ts';
import { searchTools } from '../src/mcp/discovery/search-tools.ts';
import { createGuardedFetch } from '../src/net/index.ts';
import { createProcesses } from '../src/processes/index.ts';
import { openStore } from '../src/store/index.ts';
import { createTools, renderPromptsDoc, renderToolsDoc, type Tools } from '../src/tools/index.ts';
import { OPT_IN } from './opt-in-tools.ts';

const root = join(import.meta.dirname, '..');

interface Document {
  /** From the root of the repository. */
  readonly path: string;
  /** The document as it should be; `current` is empty where there is none yet. */
  readonly render: (current: string) => string | Promise<string>;
}

/** One line for each generated document. */
const DOCUMENTS: readonly Document[] = [
  { path: '.env.example', render: () => renderEnvExample(configSchema) },
  { path: 'docs/configuration.schema.json', render: () => renderJsonSchema(configSchema) },
  {
    path: 'docs/tools.md',
    render: async (current) => {
      const { tools, prompts } = await declaredTools({});
      const optIn = (await declaredTools(OPT_IN)).tools.filter(
        ({ name }) => !tools.some((tool) => tool.name === name),
      );
      const needed = [...optIn, searchTools(tools, []), callTool([...tools, ...optIn])];
      const withTools = fill(fill(current, 'tools', renderToolsDoc(tools)), 'opt-in', renderToolsDoc(needed));
      return fill(withTools, 'prompts', renderPromptsDoc(prompts));
    },
  },
  {
    path: 'docs/configuration.md',
    render: (current) => fill(current, 'settings', renderReference(configSchema)),
  },
];

/** The tools and prompts as a configuration offers them that holds these settings of tools and nothing else. */
async function declaredTools(changes: object): Promise<Tools> {
  const config = await loadConfig({ env: {}, cwd: root });
  const nothing = (): void => undefined;
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    child: () => logger,
  };
  const store = await openStore({ url: 'memory' }, { dataDir: '', logger });
  const surroundings = {
    processes: createProcesses({ logger }),
    fetch: createGuardedFetch(),
    createFetch: createGuardedFetch,
  };
  const options = configSchema.shape.tools.parse({ ...config.tools, ...changes });
  const builtin = await createTools(options, {
    ...{ logger, store, ...surroundings, dataDir: '', version: '' },
    checks: [],
    maxListed: config.mcp.maxListedTools,
    audit: nothing,
  });
  await builtin.close();
  await store.close();
  return builtin;
}

/** Replaces what stands between `<!-- generated: NAME -->` and `<!-- /generated -->`. */
function fill(document: string, name: string, content: string): string {
  const start = `<!-- generated: ${name} -->`;
  const end = '<!-- /generated -->';
  const from = document.indexOf(start);
  const to = document.indexOf(end, from);
  if (from === -1 || to === -1) throw new Error(`"${start}" … "${end}" is missing`);
  return `${document.slice(0, from + start.length)}\n\n${content}\n\n${document.slice(to)}`;
}

async function rendered(path: string, text: string): Promise<string> {
  if (!path.endsWith('.md')) return text;
  return await format(text, { ...(await resolveConfig(path)), filepath: path });
}

const check = process.argv.includes('--check');
const stale: string[] = [];

for (const document of DOCUMENTS) {
  const path = join(root, document.path);
  const current = await readFile(path, 'utf8').catch(() => '');
  const next = await rendered(path, await document.render(current));
  if (next === current) continue;
  stale.push(relative(root, path));
  if (!check) await writeFile(path, next);
}

if (stale.length > 0) console.log(`${check ? 'Stale' : 'Written'}: ${stale.join(', ')}`);
if (check && stale.length > 0) {
  console.error('Run "npm run generate" and commit the result.');
  process.exitCode = 1;
}
