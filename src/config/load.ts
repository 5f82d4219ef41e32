import { dirname, resolve } from 'node:path';
import { ConfigurationError } from '../core/configuration-error.ts';
import type { Problem } from '../core/configuration-error.ts';
import { CONFIG_FILE_VARIABLE } from './environment.ts';
import { resolveSettings } from './resolve.ts';
import type { ConfigSource, ResolvedSetting } from './resolve.ts';
import { brokenRules } from './rules.ts';
import type { Audience } from './rules.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';

/** The configuration together with where each value came from. */
export interface ResolvedConfig {
  readonly config: Config;
  readonly settings: readonly ResolvedSetting[];
}

/**
 * Reads the configuration from environment variables and the optional YAML file that `FAIRLEAD_CONFIG`
 * names; the environment wins. What would be unsafe towards a network does not matter to a `parent`.
 *
 * @throws {ConfigurationError} `CONFIGURATION_INVALID`, naming every problem with its fix
 */
export async function loadConfig(source: ConfigSource, audience?: Audience): Promise<Config> {
  return (await resolveConfig(source, audience)).config;
}

/** Like {@link loadConfig}, with the source of every value. */
export async function resolveConfig(
  source: ConfigSource,
  audience: Audience = 'network',
): Promise<ResolvedConfig> {
  const { config: parsed, settings, problems } = await resolveSettings(configSchema, source);
  if (parsed === undefined) throw new ConfigurationError(problems);
  const { environment, ...rest } = parsed;
  const { file } = parsed.keys;
  const config: Config = {
    ...rest,
    production: environment === 'production',
    dataDir: resolve(source.cwd, parsed.dataDir),
    keys: { ...parsed.keys, file: file === undefined ? undefined : resolve(source.cwd, file) },
    tools: { ...parsed.tools, custom: { files: toolFiles(parsed.tools.custom.files, source, settings) } },
  };
  const all: readonly Problem[] = [
    ...problems,
    ...brokenRules(config, { settings, problems, cwd: source.cwd, audience }),
  ];
  if (all.length > 0) throw new ConfigurationError(all);
  return { config, settings };
}

type ToolFiles = Config['tools']['custom']['files'];

/** Files that the configuration file names lie beside it, as a rule; they are found from there. */
function toolFiles(
  files: ToolFiles,
  { env, cwd }: ConfigSource,
  settings: readonly ResolvedSetting[],
): ToolFiles {
  const setting = settings.find(({ key }) => key === 'tools.custom.files');
  const isOfFile = setting?.origin !== setting?.env;
  const folder = isOfFile ? dirname(resolve(cwd, env[CONFIG_FILE_VARIABLE] ?? '')) : cwd;
  return files.map((file) => ({ ...file, path: resolve(folder, file.path) }));
}
