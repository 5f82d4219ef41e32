import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import * as z from 'zod';
import { fromText } from './coerce.ts';
import { CONFIG_FILE_VARIABLE } from './environment.ts';
import type { Environment } from './environment.ts';
import { expand } from './expand.ts';
import { nearest } from './nearest.ts';
import { childSchema, memberNames, schemaAt } from './paths.ts';
import type { Path } from './paths.ts';
import { isWorldReadable } from './permissions.ts';
import type { Problem } from '../core/configuration-error.ts';
import { listSettings, sectionShape, settingMeta } from './settings.ts';

/** What the YAML file sets, by the settings' dotted keys. */
export interface ConfigFile {
  readonly values: ReadonlyMap<string, unknown>;
  readonly problems: readonly Problem[];
  /** `fairlead.yaml:3 http.port`: the place of a value, or of the nearest one around it. */
  where(path: Path): string;
}

interface Source {
  readonly name: string;
  readonly env: Environment;
  readonly schema: z.ZodType;
  readonly document: Document;
  readonly values: Map<string, unknown>;
  readonly problems: Problem[];
  readonly lines: Map<string, number>;
  /** Keys of secrets that stand in the file itself, not as a `${VAR}`. */
  readonly literalSecrets: Path[];
  lineOf(node: Node): number | undefined;
}

/** Reads the file as the schema directs: what it holds is answered even when parts of it are wrong. */
export async function readConfigFile(
  name: string,
  context: { readonly schema: z.ZodType; readonly env: Environment; readonly cwd: string },
): Promise<ConfigFile> {
  const path = resolve(context.cwd, name);
  const text = await readFile(path, 'utf8').catch((error: unknown) => unreadable(name, error));
  if (typeof text !== 'string') return emptyFile(text);
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: true });
  const file = basename(name);
  const source: Source = {
    name: file,
    env: context.env,
    schema: context.schema,
    document,
    values: new Map(),
    problems: [...document.errors, ...document.warnings].map((error) => ({
      where: `${file}:${error.linePos?.[0].line ?? 1}`,
      setting: '',
      what: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? error.code,
      fix: 'correct the YAML syntax there',
    })),
    lines: new Map(),
    literalSecrets: [],
    lineOf: ({ range }) => (range ? counter.linePos(range[0]).line : undefined),
  };
  const legible = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  if (legible && document.contents !== null) {
    readSection(source, document.contents, context.schema, []);
  }
  await refuseReadableSecrets(source, path);
  return { values: source.values, problems: source.problems, where: (at) => whereIs(source, at) };
}

function emptyFile(problem: Problem): ConfigFile {
  return { values: new Map(), problems: [problem], where: () => problem.where };
}

function unreadable(name: string, error: unknown): Problem {
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
  return {
    where: CONFIG_FILE_VARIABLE,
    setting: '',
    what: `the file ${JSON.stringify(name)} cannot be read (${reason})`,
    fix: 'name a YAML file that this user may read, or unset FAIRLEAD_CONFIG',
  };
}

function whereIs(source: Source, path: Path): string {
  const names = path.map(String);
  for (let length = names.length; length > 0; length -= 1) {
    const line = source.lines.get(names.slice(0, length).join('.'));
    if (line !== undefined) return `${source.name}:${line} ${names.join('.')}`;
  }
  return `${source.name} ${names.join('.')}`;
}

function report(source: Source, path: Path, problem: Pick<Problem, 'what' | 'fix'>): void {
  source.problems.push({ where: whereIs(source, path), setting: path.join('.'), ...problem });
}

function readSection(source: Source, content: Node, schema: z.ZodType, path: Path): void {
  const node = resolveAlias(source, content);
  // A heading with nothing below it.
  if (isScalar(node) && node.value === null) return;
  if (!isMap(node)) {
    const names = Object.keys(sectionShape(schema) ?? {}).join(', ');
    report(source, path, {
      what: 'a section with keys belongs here',
      fix: `write below it any of: ${names}`,
    });
    return;
  }
  for (const { name, value, at } of members(source, node, path)) {
    const child = childSchema(schema, name);
    if (child === undefined) reportUnknownKey(source, at, Object.keys(sectionShape(schema) ?? {}));
    else if (settingMeta(child) === undefined) readSection(source, value, child, at);
    else readSetting(source, value, child, at);
  }
}

function readSetting(source: Source, node: Node, schema: z.ZodType, path: Path): void {
  const value = readValue(source, node, schema, path);
  // `port:` with nothing after it leaves the setting at its default, as an empty variable does.
  if (value !== null && value !== undefined) source.values.set(path.join('.'), value);
}

function readValue(source: Source, content: Node, schema: z.ZodType, path: Path): unknown {
  const node = resolveAlias(source, content);
  if (isScalar(node)) return readScalar(source, node, schema, path);
  if (isSeq<Node>(node)) {
    return node.items.map((item, index) => {
      const at = [...path, index];
      remember(source, at, item);
      return readValue(source, item, childSchema(schema, index) ?? z.unknown(), at);
    });
  }
  if (!isMap(node)) return undefined;
  const known = memberNames(schema);
  const entries: [string, unknown][] = [];
  for (const { name, value, at } of members(source, node, path)) {
    const child = childSchema(schema, name);
    if (child === undefined && known !== undefined) reportUnknownKey(source, at, known);
    else entries.push([name, readValue(source, value, child ?? z.unknown(), at)]);
  }
  return Object.fromEntries(entries);
}

function readScalar(source: Source, node: Scalar, schema: z.ZodType, path: Path): unknown {
  const { secret } = schemaAt(source.schema, path, node.value);
  if (typeof node.value !== 'string') {
    if (secret && node.value !== null) source.literalSecrets.push(path);
    return node.value;
  }
  const expansion = expand(node.value, source.env);
  if ('problem' in expansion) {
    report(source, path, { what: expansion.problem, fix: expansion.fix });
    return undefined;
  }
  if (secret && !expansion.expanded) source.literalSecrets.push(path);
  return expansion.expanded ? fromText(schema, expansion.text) : expansion.text;
}

function resolveAlias(source: Source, node: Node): Node | undefined {
  return isAlias(node) ? node.resolve(source.document) : node;
}

function* members(
  source: Source,
  map: YAMLMap,
  path: Path,
): Generator<{ name: string; value: Node; at: Path }> {
  for (const pair of map.items as Pair<Node, Node>[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : pair.key.toString();
    const at = [...path, name];
    remember(source, at, pair.key);
    const value = pair.value;
    if (value !== null) yield { name, value, at };
  }
}

function remember(source: Source, path: Path, node: Node): void {
  const line = source.lineOf(node);
  if (line !== undefined) source.lines.set(path.join('.'), line);
}

function reportUnknownKey(source: Source, path: Path, siblings: readonly string[]): void {
  const name = String(path.at(-1));
  const elsewhere = listSettings(source.schema).filter((setting) => setting.path.at(-1) === name);
  const meant = elsewhere[0]?.key ?? nearest(name, siblings);
  report(source, path, {
    what: 'there is no setting of this name',
    fix: meant === undefined ? `remove it, or use one of: ${siblings.join(', ')}` : `did you mean ${meant}?`,
  });
}

/** A secret that stands in the file is only as safe as the file's permissions. */
async function refuseReadableSecrets(source: Source, path: string): Promise<void> {
  const [first] = source.literalSecrets;
  if (first === undefined || !isWorldReadable((await stat(path)).mode)) return;
  source.problems.push({
    where: whereIs(source, first),
    what: 'holds a secret, and every user of this machine can read the file',
    fix: `chmod 600 ${source.name}, or take the secret from the environment with \${VAR}`,
  });
}
