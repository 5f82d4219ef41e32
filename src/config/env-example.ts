import type * as z from 'zod';
import { CONFIG_FILE_VARIABLE } from './environment.ts';
import { defaultOf, listSections } from './settings.ts';
import type { Setting } from './settings.ts';
import { showDefault, showExample } from './words.ts';

const WIDTH = 100;

const INTRODUCTION = `# Settings of Fairlead as environment variables; docs/configuration.md says more.
# Every line that is commented out shows an example, not the default. An empty value counts as unset.

# YAML file with settings; what the environment sets wins over it.
#${CONFIG_FILE_VARIABLE}=fairlead.yaml`;

/** `.env.example`: every setting that the environment can hold, commented out. */
export function renderEnvExample(schema: z.ZodType): string {
  const blocks = listSections(schema).flatMap(({ name, settings }) => [
    `# ---- ${name} ----`,
    ...settings.filter(({ env }) => env !== undefined).map(renderVariable),
  ]);
  return `${[INTRODUCTION, ...blocks].join('\n\n')}\n`;
}

function renderVariable(setting: Setting): string {
  const { meta, env = '' } = setting;
  const file = meta.secret === true ? ` A secret: ${env}_FILE may name a file that holds it.` : '';
  const text = [
    ...wrap(`${meta.description}${file}`),
    ...wrap(`Default: ${showDefault(defaultOf(setting))}`),
  ];
  return [...text.map((line) => `# ${line}`), `#${env}=${showExample(setting)}`].join('\n');
}

function wrap(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
