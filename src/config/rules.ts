import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isLoopback } from '../core/loopback.ts';
import type { Problem } from '../core/configuration-error.ts';
import type { ResolvedSetting } from './resolve.ts';
import type { Config } from './schema.ts';

/** Who is to be served: whoever reaches an address, or the one program that has started this one. */
export type Audience = 'network' | 'parent';

interface Place {
  /** Where relative paths start. */
  readonly cwd: string;
  readonly audience: Audience;
}

/** Something that settings must not be together, each of them being fine alone. */
interface Rule {
  /** Default: both. */
  readonly audience?: Audience;
  /** The setting to change. */
  readonly setting: string;
  /** Further settings that the rule looks at. */
  readonly reads: readonly string[];
  /** What is wrong, or undefined. */
  readonly check: (config: Config, place: Place) => string | undefined;
  readonly fix: string;
}

const PRIVATE_SETTINGS = [
  ...['dataDir', 'keys.file', 'store.url', 'telemetry.logFile', 'telemetry.auditFile'],
  ...['tools.scratch.directory', 'tools.custom.files'],
];
const FIX_EXPOSED =
  'serve a folder of its own, or move these out of it (FAIRLEAD_DATA_DIR, FAIRLEAD_STORE, LOG_FILE)';

/** What is unsafe and therefore refuses to start. */
const RULES: readonly Rule[] = [
  {
    audience: 'network',
    setting: 'http.publicUrl',
    reads: ['environment'],
    check: ({ production, http }) =>
      production && !/^https:/i.test(http.publicUrl ?? '')
        ? 'in production, tokens and passwords may travel over https only'
        : undefined,
    fix: 'set PUBLIC_URL to the https address that clients use, such as https://mcp.example.com',
  },
  {
    audience: 'network',
    setting: 'http.publicUrl',
    reads: ['environment', 'http.host', 'auth.mode'],
    check: ({ production, http, auth }) =>
      !production && auth.mode !== 'none' && http.publicUrl === undefined && !isLoopback(http.host)
        ? 'HOST lets other machines in, and the address that they use cannot be guessed'
        : undefined,
    fix: 'set PUBLIC_URL to that address, or remove HOST to serve this machine only',
  },
  {
    audience: 'network',
    setting: 'auth.mode',
    reads: ['http.host', 'http.publicUrl', 'http.allowedHosts'],
    check: ({ auth, http }) =>
      auth.mode === 'none' && isPublic(http)
        ? 'none lets everybody in, and HOST, PUBLIC_URL or http.allowedHosts opens the service to other machines'
        : undefined,
    fix: 'use embedded, or let all three name this machine only (127.0.0.1, localhost)',
  },
  {
    audience: 'network',
    setting: 'auth.identityProviders',
    reads: ['auth.mode'],
    check: ({ auth }) =>
      auth.mode === 'broker' && auth.identityProviders.length === 0
        ? 'in mode broker people sign in at an identity provider, and none is named'
        : undefined,
    fix: 'name the providers in the configuration file, or let auth.mode be embedded',
  },
  {
    audience: 'network',
    setting: 'auth.identityProviders',
    reads: ['auth.mode'],
    check: ({ auth }) =>
      auth.mode !== 'broker' && auth.identityProviders.length > 0
        ? `nobody signs in at them in mode ${auth.mode}`
        : undefined,
    fix: 'set auth.mode to broker, or remove them',
  },
  {
    audience: 'network',
    setting: 'auth.external.issuers',
    reads: ['auth.mode'],
    check: ({ auth }) =>
      auth.mode === 'external' && auth.external.issuers.length === 0
        ? 'in mode external somebody else issues the tokens, and nobody is named'
        : undefined,
    fix: 'name the issuers in the configuration file, or let auth.mode be embedded',
  },
  {
    audience: 'network',
    setting: 'store.url',
    reads: ['environment'],
    check: ({ production, store }) =>
      production && store.url === 'memory'
        ? 'memory forgets accounts, grants and sessions when the process ends'
        : undefined,
    fix: 'set FAIRLEAD_STORE to sqlite, or to a redis:// URL',
  },
  {
    setting: 'tools.files.workspace',
    reads: ['tools.files.workspaces', ...PRIVATE_SETTINGS],
    check: (config, place) => {
      const { workspace, workspaces } = config.tools.files;
      return workspaces.length === 0 ? exposedBy(workspace, config, place) : undefined;
    },
    fix: FIX_EXPOSED,
  },
  {
    setting: 'tools.files.workspaces',
    reads: PRIVATE_SETTINGS,
    check: (config, place) => {
      const { workspaces } = config.tools.files;
      const problems = workspaces.map(({ name, path }) => ({ name, what: exposedBy(path, config, place) }));
      const first = problems.find(({ what }) => what !== undefined);
      return first && `${first.name}: ${first.what ?? ''}`;
    },
    fix: FIX_EXPOSED,
  },
  {
    setting: 'tools.files.workspaces',
    reads: [],
    check: ({ tools }, { cwd }) => {
      const { workspaces } = tools.files;
      const pairs = workspaces.flatMap((outer) => workspaces.map((inner) => ({ outer, inner })));
      const nested = pairs.find(
        ({ outer, inner }) => outer !== inner && contains(resolve(cwd, outer.path), resolve(cwd, inner.path)),
      );
      return nested && `the folder of ${nested.inner.name} lies in that of ${nested.outer.name}`;
    },
    fix: 'give each workspace a folder outside of the others, or serve only the outer one',
  },
];

/** What of the service's own lies in a folder that is served. */
function exposedBy(folder: string, config: Config, { cwd, audience }: Place): string | undefined {
  const inside = privatePlaces(config, audience).filter(({ path }) =>
    contains(resolve(cwd, folder), resolve(cwd, path)),
  );
  const names = inside.map(({ name }) => name).join(', ');
  return names === '' ? undefined : `every client could read what lies in it: ${names}`;
}

function isPublic({ host, publicUrl, allowedHosts }: Config['http']): boolean {
  const names = allowedHosts.map((name) => name.replace(/:\d+$/, ''));
  if (publicUrl !== undefined) names.push(new URL(publicUrl).hostname);
  return [host, ...names].some((name) => !isLoopback(name));
}

/** What nobody but the service may read. */
function privatePlaces(
  { dataDir, keys, store, telemetry, tools }: Config,
  audience: Audience,
): { name: string; path: string }[] {
  // Who serves no network makes no data folder; there may be one of a server that does.
  const keepsData = audience === 'network' || existsSync(dataDir);
  const database = /^sqlite:(.+)$/.exec(store.url)?.[1];
  const places: [string, string | undefined][] = [
    ['the data folder with its keys', keepsData ? dataDir : undefined],
    ['the state file', database === undefined ? undefined : resolve(dataDir, database)],
    ['the key file', keys.file],
    ['the log', telemetry.logFile],
    ['the audit log', telemetry.auditFile],
    ['the results that are kept for others', tools.scratch.directory],
    // Who may write there would have the server run what they like.
    ...tools.custom.files.map(({ path }): [string, string] => [`the tools of ${basename(path)}`, path]),
  ];
  return places.flatMap(([name, path]) => (path === undefined ? [] : [{ name, path }]));
}

function contains(folder: string, path: string): boolean {
  const way = relative(realPath(folder), realPath(path));
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** Without links, as far as the path exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** The rules that the configuration breaks, leaving out those about settings that are wrong in themselves. */
export function brokenRules(
  config: Config,
  context: {
    readonly settings: readonly ResolvedSetting[];
    readonly problems: readonly Problem[];
  } & Place,
): Problem[] {
  const isWrong = (key: string): boolean =>
    context.problems.some(({ setting }) => setting !== undefined && overlaps(setting, key));
  const rules = RULES.filter(({ audience }) => audience === undefined || audience === context.audience);
  return rules
    .filter((rule) => ![rule.setting, ...rule.reads].some(isWrong))
    .flatMap((rule) => {
      const what = rule.check(config, context);
      if (what === undefined) return [];
      const setting = context.settings.find(({ key }) => key === rule.setting);
      const origin = setting?.origin ?? setting?.env ?? rule.setting;
      const where = /:\d+$/.test(origin) ? `${origin} ${rule.setting}` : origin;
      return [{ where, setting: rule.setting, what, fix: rule.fix }];
    });
}

/** Whether one of two dotted keys contains the other; the empty key is the whole configuration. */
function overlaps(one: string, other: string): boolean {
  return one === '' || `${one}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${one}.`);
}
