import * as z from 'zod';
import { asType, defaultOf, listSections, listSettings, sectionShape, unwrap } from './settings.ts';
import type { Setting } from './settings.ts';
import { describeType, showDefault, showExample } from './words.ts';

const HEAD = `| Setting | Environment variable | Default | What it does | Example |
| --- | --- | --- | --- | --- |`;

/** The tables of `docs/configuration.md`, one for each section. */
export function renderReference(schema: z.ZodType): string {
  const sections = listSections(schema).map(({ name, settings }) => {
    const table = [HEAD, ...settings.map(renderRow)].join('\n');
    return [`### ${name}`, table, ...settings.flatMap(renderEntries)].join('\n\n');
  });
  return sections.join('\n\n');
}

function renderRow(setting: Setting): string {
  const { key, env, schema, meta } = setting;
  return row([
    code(key),
    env === undefined ? 'file only' : code(env),
    code(showDefault(defaultOf(setting))),
    describe(meta.description, schema, meta.secret === true),
    code(showExample(setting)),
  ]);
}

/** A table of what one entry of a list holds, where the setting is a list of maps. */
function renderEntries({ key, schema }: Setting): string[] {
  const inner = unwrap(schema);
  const element = inner instanceof z.ZodArray ? asType(inner.element) : undefined;
  if (element === undefined || sectionShape(element) === undefined) return [];
  const rows = listSettings(element).map((setting) => {
    const { key: name, schema: field, meta } = setting;
    const needed = field.safeParse(undefined).success ? code(showDefault(defaultOf(setting))) : 'required';
    const description = describe(meta.description, field, meta.secret === true);
    return row([code(name), needed, description, code(showExample(setting))]);
  });
  const head = '| Key | Default | What it does | Example |\n| --- | --- | --- | --- |';
  return [`Each entry of \`${key}\`:`, [head, ...rows].join('\n')];
}

function describe(description: string, schema: z.ZodType, secret: boolean): string {
  const type = describeType(schema);
  const takes = type === 'text' || type === 'a list' ? '' : ` Takes ${type}.`;
  return `${description}${takes}${secret ? ' Secret.' : ''}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
