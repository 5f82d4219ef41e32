import type * as z from 'zod';
import { CONFIG_FILE_VARIABLE, readEnvironment } from './environment.ts';
import type { Environment, EnvironmentValues } from './environment.ts';
import type { ConfigFile } from './file.ts';
import type { Problem } from '../core/configuration-error.ts';
import { type Path, schemaAt } from './paths.ts';
import { defaultOf, listSettings, settingMeta } from './settings.ts';
import type { Setting } from './settings.ts';
import { describeType, explainIssue, showExample } from './words.ts';

/** Where the configuration comes from: the environment, and the directory that relative paths start at. */
export interface ConfigSource {
  readonly env: Environment;
  readonly cwd: string;
}

/** A setting with what it came to and where that was said. */
export interface ResolvedSetting extends Setting {
  readonly value: unknown;
  /** The variable, or `fairlead.yaml:3`; undefined for a default. */
  readonly origin: string | undefined;
}

export interface Resolution<S extends z.ZodType> {
  /** Undefined when problems leave no whole configuration. */
  readonly config: z.output<S> | undefined;
  readonly settings: readonly ResolvedSetting[];
  readonly problems: readonly Problem[];
}

/**
 * Gathers every setting from the environment, the file that `FAIRLEAD_CONFIG` names, and the defaults, in
 * this order of precedence. Settings that are wrong are reported and stand at their default, so that
 * everything else can still be looked at.
 */
export async function resolveSettings<S extends z.ZodType>(
  schema: S,
  { env, cwd }: ConfigSource,
): Promise<Resolution<S>> {
  const listed = listSettings(schema);
  const environment = await readEnvironment(listed, { env, cwd });
  const file = await readFileNamedBy(env[CONFIG_FILE_VARIABLE], { schema, env, cwd });
  const attempts = listed.map((setting) => attempt(setting, environment, file));
  const settings = attempts.map(({ settled }) => settled);
  const problems = [
    ...environment.problems,
    ...(file?.problems ?? []),
    ...attempts.flatMap((one) => one.problems),
  ];
  const whole = schema.safeParse(nest(attempts));
  if (!whole.success) problems.push(...sectionProblems(whole.error.issues, settings, problems));
  return { config: whole.data, settings, problems };
}

async function readFileNamedBy(
  name: string | undefined,
  context: { readonly schema: z.ZodType } & ConfigSource,
): Promise<ConfigFile | undefined> {
  if (name === undefined || name === '') return undefined;
  // The YAML parser is loaded only where there is something to parse.
  const { readConfigFile } = await import('./file.ts');
  return await readConfigFile(name, context);
}

interface Attempt {
  /** As it was given, before the schema saw it; undefined when it was refused. */
  readonly given: unknown;
  readonly settled: ResolvedSetting;
  readonly problems: readonly Problem[];
}

function attempt(setting: Setting, environment: EnvironmentValues, file: ConfigFile | undefined): Attempt {
  const variable = environment.values.get(setting.key);
  const given = variable === undefined ? file?.values.get(setting.key) : variable.value;
  const whereIs = (path: Path): string =>
    variable?.variable ?? (given === undefined ? undefined : file?.where(path)) ?? setting.env ?? setting.key;
  const parsed = setting.schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues
      .filter(({ path }) => !isReported(file?.problems ?? [], [...setting.path, ...path]))
      .map((issue) => ({
        where: whereIs([...setting.path, ...issue.path]),
        setting: setting.key,
        what: explainIssue(issue, { schema: setting.schema, value: given }),
        fix: adviceFor(setting, issue.path),
      }));
    return {
      given: undefined,
      settled: { ...setting, value: defaultOf(setting), origin: undefined },
      problems,
    };
  }
  const origin = given === undefined ? undefined : whereIs(setting.path).split(' ')[0];
  return { given, settled: { ...setting, value: parsed.data, origin }, problems: [] };
}

/** A reference that could not be filled leaves its place empty; the emptiness is no second problem. */
function isReported(problems: readonly Problem[], path: Path): boolean {
  const key = path.map(String).join('.');
  return problems.some((problem) => problem.setting === key);
}

/** @param path To the part of its value that is wrong. */
function adviceFor(setting: Setting, path: Path = []): string {
  const { schema, secret } = schemaAt(setting.schema, path);
  const meta = settingMeta(schema);
  const env = path.length === 0 ? setting.env : undefined;
  const example = secret || meta === undefined ? '' : `, for example ${showExample({ meta, env })}`;
  const absent = schema.safeParse(undefined).success ? ', or leave it out' : '';
  return `set it to ${describeType(schema)}${example}${absent}`;
}

function nest(attempts: readonly Attempt[]): unknown {
  const root: Section = {};
  for (const { given, settled } of attempts) {
    let section = root;
    for (const name of settled.path.slice(0, -1)) section = subsection(section, name);
    if (given !== undefined) section[settled.path.at(-1) ?? ''] = given;
  }
  return root;
}

type Section = Record<string, unknown>;

function subsection(section: Section, name: string): Section {
  const existing = section[name];
  if (isSection(existing)) return existing;
  const created: Section = {};
  section[name] = created;
  return created;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null;
}

/** What the sections' own refinements found. What a single setting was refused for is reported already. */
function sectionProblems(
  issues: readonly z.core.$ZodIssue[],
  settings: readonly ResolvedSetting[],
  reported: readonly Problem[],
): Problem[] {
  return issues.flatMap((issue) => {
    const key = issue.path.map(String).join('.');
    const setting = settings.find((one) => key === one.key || key.startsWith(`${one.key}.`));
    if (reported.some((problem) => problem.setting !== undefined && problem.setting === setting?.key))
      return [];
    if (setting !== undefined) {
      const where = setting.origin ?? setting.env ?? key;
      return [{ where, setting: key, what: issue.message, fix: adviceFor(setting) }];
    }
    const concerned = settings.filter((one) => one.key.startsWith(`${key}.`));
    const where = concerned.find(({ origin }) => origin !== undefined)?.origin ?? key;
    const fix = `look at ${concerned.map((one) => one.env ?? one.key).join(', ')}`;
    return [{ where, setting: key, what: issue.message, fix }];
  });
}
