import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fromText } from './coerce.ts';
import { nearest } from './nearest.ts';
import { isWorldReadable } from './permissions.ts';
import type { Problem } from '../core/configuration-error.ts';
import type { Setting } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const CONFIG_FILE_VARIABLE = 'FAIRLEAD_CONFIG';

/** A setting's value and the variable that gave it. */
interface EnvironmentValue {
  readonly value: unknown;
  readonly variable: string;
}

export interface EnvironmentValues {
  readonly values: ReadonlyMap<string, EnvironmentValue>;
  readonly problems: readonly Problem[];
}

/** What the environment sets, by the settings' dotted keys. An empty variable is an unset one. */
export async function readEnvironment(
  settings: readonly Setting[],
  context: { readonly env: Environment; readonly cwd: string },
): Promise<EnvironmentValues> {
  const values = new Map<string, EnvironmentValue>();
  const problems = unknownVariables(settings, context.env);
  const variables = new Set(settings.map(({ env }) => env));
  for (const setting of settings) {
    const found = await readVariable(setting, { ...context, variables });
    if (found === undefined) continue;
    if ('what' in found) problems.push(found);
    else values.set(setting.key, { ...found, value: fromText(setting.schema, found.value) });
  }
  return { values, problems };
}

async function readVariable(
  { env: variable, key, meta }: Setting,
  context: {
    readonly env: Environment;
    readonly cwd: string;
    readonly variables: ReadonlySet<string | undefined>;
  },
): Promise<{ value: string; variable: string } | Problem | undefined> {
  if (variable === undefined) return undefined;
  const value = presentIn(context.env, variable);
  const fileVariable = `${variable}_FILE`;
  // Where that is a setting of its own, the file is not read once and for all.
  const isFile = meta.secret === true && !context.variables.has(fileVariable);
  const file = isFile ? presentIn(context.env, fileVariable) : undefined;
  if (file === undefined) return value === undefined ? undefined : { value, variable };
  if (value !== undefined) {
    return {
      where: fileVariable,
      setting: key,
      what: `${variable} is set as well`,
      fix: `set either ${variable} or ${fileVariable}`,
    };
  }
  const read = await readSecretFile(file, context.cwd);
  if ('value' in read) return { value: read.value, variable: fileVariable };
  return { where: fileVariable, setting: key, ...read };
}

function presentIn(env: Environment, variable: string): string | undefined {
  const value = env[variable];
  return value === '' ? undefined : value;
}

/** Below here container platforms mount secrets, private to the container, with modes nobody can choose. */
const PLATFORM_SECRETS = '/run/secrets/';

async function readSecretFile(
  name: string,
  cwd: string,
): Promise<{ value: string } | Pick<Problem, 'what' | 'fix'>> {
  const path = resolve(cwd, name);
  let file;
  try {
    file = await open(path);
    const { mode } = await file.stat();
    if (isWorldReadable(mode) && !path.startsWith(PLATFORM_SECRETS)) {
      return { what: `every user of this machine can read ${name}`, fix: `chmod 600 ${name}` };
    }
    const value = (await file.readFile('utf8')).replace(/\r?\n$/, '');
    return value === '' ? { what: `${name} is empty`, fix: 'write the secret into the file' } : { value };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return {
      what: `${name} cannot be read (${reason})`,
      fix: 'name a file that holds the secret and that this user may read',
    };
  } finally {
    await file?.close();
  }
}

function unknownVariables(settings: readonly Setting[], env: Environment): Problem[] {
  const known = new Set([CONFIG_FILE_VARIABLE]);
  for (const { env: variable, meta } of settings) {
    if (variable === undefined) continue;
    known.add(variable);
    if (meta.secret === true) known.add(`${variable}_FILE`);
  }
  return Object.entries(env)
    .filter(
      ([name, value]) => name.startsWith('FAIRLEAD_') && !known.has(name) && !isServiceLink(name, value),
    )
    .map(([name]) => unknownVariable(name, known));
}

function unknownVariable(name: string, known: ReadonlySet<string>): Problem {
  const whole = name.replace(/_FILE$/, '');
  if (whole !== name && known.has(whole)) {
    return { where: name, what: 'only secrets are read from a file of their own', fix: `set ${whole}` };
  }
  const meant = nearest(name, known) ?? nearest(name.replace('FAIRLEAD_', ''), known);
  return {
    where: name,
    what: 'there is no setting of this name',
    fix: meant === undefined ? 'unset it; docs/configuration.md lists them all' : `did you mean ${meant}?`,
  };
}

/**
 * Kubernetes describes every service of a namespace to every container in the style of Docker links:
 * a service named `fairlead` or `fairlead-redis` makes variables that look like settings.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceLink(name: string, value: string | undefined): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value ?? ''))
  );
}
