import { maskSecrets } from './mask.ts';
import type { ResolvedSetting } from './resolve.ts';

/** The configuration as YAML, each value followed by where it comes from. Secrets are masked. */
export function renderEffective(settings: readonly ResolvedSetting[]): string {
  const lines: string[] = [];
  let open: readonly string[] = [];
  for (const setting of settings) {
    const sections = setting.path.slice(0, -1);
    lines.push(...headings(open, sections));
    open = sections;
    lines.push(renderSetting(setting, '  '.repeat(sections.length)));
  }
  return `${lines.join('\n')}\n`;
}

/** The lines that lead from one section to another. */
function headings(from: readonly string[], to: readonly string[]): string[] {
  const firstNew = to.findIndex((name, index) => name !== from[index]);
  if (firstNew === -1) return [];
  return to.slice(firstNew).map((name, index) => `${'  '.repeat(firstNew + index)}${name}:`);
}

function renderSetting({ path, schema, value, origin }: ResolvedSetting, indent: string): string {
  const name = path.at(-1) ?? '';
  const source = `# ${origin ?? 'default'}`;
  if (value === undefined) return `${indent}# ${name}: not set`;
  const line = `${indent}${name}: ${scalarOrFlow(maskSecrets(schema, value))}`;
  return `${line.padEnd(COLUMN)} ${source}`;
}

const COLUMN = 47;

/** JSON is YAML; what can only be a text there goes without quotes. */
function scalarOrFlow(value: unknown): string {
  const isPlain =
    typeof value === 'string' &&
    /^[\w./][\w./:@+-]*(?<!:)$/.test(value) &&
    !/^(true|false|null|yes|no|on|off)$/i.test(value) &&
    Number.isNaN(Number(value));
  return isPlain ? value : JSON.stringify(value);
}
