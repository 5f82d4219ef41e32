import type { JsonObject } from '../../../core/json.ts';
import type { ParameterOptions } from './parameter.ts';

type Parameters = Readonly<Record<string, ParameterOptions>>;

/** What a job takes, in a sentence for an agent: `args: month (string, required): As 2026-03. limit (…)`. */
export function tellParameters(params: Parameters): string {
  const told = Object.entries(params).map(([name, parameter]) => {
    const { description } = parameter;
    const end = /[.!?]$/.test(description) ? '' : '.';
    return `${name} (${traitsOf(parameter).join(', ')}): ${description}${end}`;
  });
  return told.length === 0 ? 'It takes no args.' : `args: ${told.join(' ')}`;
}

function traitsOf(parameter: ParameterOptions): string[] {
  const { type, values, min, max, pattern, required } = parameter;
  const range = [min === undefined ? [] : [`at least ${min}`], max === undefined ? [] : [`at most ${max}`]];
  return [
    type === 'enum' ? (values ?? []).map((value) => JSON.stringify(value)).join(' or ') : TYPES[type],
    ...range.flat(),
    ...(pattern === undefined ? [] : [`matching ${pattern}`]),
    ...(required ? ['required'] : []),
    ...(parameter.default === undefined ? [] : [`default ${JSON.stringify(parameter.default)}`]),
  ];
}

const TYPES: Readonly<Record<Exclude<ParameterOptions['type'], 'enum'>, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  list: 'list of texts',
};

/** What a call may look like: a value for each parameter that has to be given. */
export function exampleOf(params: Parameters): JsonObject {
  const required = Object.entries(params).filter(([, parameter]) => parameter.required);
  return Object.fromEntries(required.map(([name, parameter]) => [name, exampleValue(name, parameter)]));
}

function exampleValue(name: string, { type, min, max, values }: ParameterOptions): unknown {
  const example: Readonly<Record<ParameterOptions['type'], unknown>> = {
    string: `<${name}>`,
    list: [`<${name}>`],
    integer: min ?? max ?? 1,
    number: min ?? max ?? 1,
    boolean: true,
    enum: values?.[0],
  };
  return example[type];
}
