import { basename } from 'node:path';
import type { ParameterOptions } from './parameter.ts';
import { leadOf, paramsOf, parseTemplate, type Template } from './template.ts';
import { readValue } from './values.ts';

export interface DeclarationProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface Declared {
  readonly command: readonly string[];
  readonly params: Readonly<Record<string, ParameterOptions>>;
}

/**
 * Programs that take a program as an argument, and the option before it; the text may be attached to that, as in
 * `-e$x=1` and `--eval=x`.
 */
const INTERPRETERS: readonly [program: RegExp, option: RegExp][] = [
  [/^(ba|da|z|k|fi|a)?sh$|^busybox$|^(su|runuser|script|flock)$/, /^-[a-z]*c|^--command/],
  [/^(python|pypy)[\d.]*$/, /^-[a-zA-Z]*c/],
  [/^(perl|ruby|lua|luajit|Rscript|julia)[\d.]*$/, /^-[a-zA-Z0-9]*[eE]/],
  [/^(node|bun|deno)$/, /^-(e|p|pe)|^--(eval|print)|^eval$/],
  [/^php[\d.]*$/, /^-[rBRE]/],
  [/^(pwsh|powershell)$/i, /^-(c(ommand)?|e(c|ncodedcommand)?)/i],
  // It splits the text into arguments, and runs them.
  [/^env$/, /^-[a-zA-Z0]*S|^--split-string/],
];

/** What is wrong with a declaration beyond its form, all of it at once. */
export function problemsOf({ command, params }: Declared): DeclarationProblem[] {
  const templates = command.map((text) => parseTemplate(text));
  const used = new Set(templates.flatMap((template) => (template === undefined ? [] : paramsOf(template))));
  return [
    ...programProblems(command[0] ?? '', templates[0]),
    ...templates.flatMap((template, index) => argumentProblems(template, index, { command, params })),
    ...Object.entries(params).flatMap(([name, parameter]) => [
      ...(used.has(name) ? [] : [{ path: ['params', name], message: 'is not used in the command' }]),
      ...parameterProblems(parameter).map((message) => ({ path: ['params', name], message })),
    ]),
  ];
}

function programProblems(program: string, template: Template | undefined): DeclarationProblem[] {
  const path = ['command', 0];
  if (template !== undefined && paramsOf(template).length > 0) {
    return [{ path, message: 'must not hold a parameter: what runs is not for the caller to choose' }];
  }
  const isNamed = program.startsWith('/') || (program !== '' && !program.includes('/'));
  return isNamed ? [] : [{ path, message: 'must be an absolute path, or a name without a slash' }];
}

function argumentProblems(
  template: Template | undefined,
  index: number,
  { command, params }: Declared,
): DeclarationProblem[] {
  const path = ['command', index];
  if ((command[index] ?? '').includes('\0')) return [{ path, message: 'must not hold a NUL character' }];
  if (template === undefined) {
    return [{ path, message: 'holds a brace that belongs to no parameter: write {{ or }} for a brace' }];
  }
  const names = paramsOf(template);
  if (names.length === 0 || index === 0) return [];
  const messages = names.flatMap((name) => placeProblems(name, template, params));
  if (!isSafeLead(leadOf(template))) {
    messages.push('must be "--option={param}" or "-o{param}": here the value could choose the option');
  }
  if (isProgramText(command, index, leadOf(template))) {
    messages.push('is read as a program, so a value could be one: hand it over as an argument of its own');
  }
  return messages.map((message) => ({ path, message }));
}

function placeProblems(name: string, template: Template, params: Declared['params']): string[] {
  const parameter = Object.hasOwn(params, name) ? params[name] : undefined;
  if (parameter === undefined) return [`names the parameter "${name}", which is not declared`];
  const isWhole = template.length === 1;
  if (parameter.type === 'list' && !isWhole)
    return [`holds the list "${name}", which must be the whole argument`];
  if (parameter.flag !== undefined && !isWhole)
    return [`holds the flag "${name}", which must be the whole argument`];
  return [];
}

/** What the operator has written before the value decides that it is no option, or which one. */
function isSafeLead(lead: string): boolean {
  return !lead.startsWith('-') || lead.includes('=') || /^-[A-Za-z0-9]$/.test(lead);
}

/**
 * Whether an interpreter, which others such as `env` and `timeout` may stand before, reads the argument as a
 * program: it comes behind its option, or is attached to it (`-c{param}`).
 */
function isProgramText(command: readonly string[], index: number, lead: string): boolean {
  return command.slice(0, index).some((program, at) => {
    const option = INTERPRETERS.find(([name]) => name.test(basename(program)))?.[1];
    if (option === undefined) return false;
    const whole = new RegExp(`(?:${option.source})$`, option.flags);
    const begin = command.findIndex((argument, place) => place > at && whole.test(argument));
    if (begin === -1 || begin >= index) return option.test(lead);
    // Further options may come between; what comes behind the text is handed to the program.
    return command.slice(begin + 1, index).every((argument) => argument.startsWith('-'));
  });
}

const FITTING: Readonly<Record<ParameterOptions['type'], readonly (keyof ParameterOptions)[]>> = {
  string: ['pattern', 'minLength', 'maxLength', 'multiline', 'allowDash'],
  list: ['pattern', 'minLength', 'maxLength', 'multiline', 'allowDash', 'maxItems'],
  integer: ['min', 'max', 'allowDash'],
  number: ['min', 'max', 'allowDash'],
  boolean: ['flag'],
  enum: ['values', 'allowDash'],
};
const ALWAYS: readonly (keyof ParameterOptions)[] = ['type', 'description', 'required', 'default'];

function parameterProblems(parameter: ParameterOptions): string[] {
  const { type } = parameter;
  const fitting = [...ALWAYS, ...FITTING[type]];
  const given = (Object.keys(parameter) as (keyof ParameterOptions)[]).filter(
    (key) => parameter[key] !== undefined && parameter[key] !== false,
  );
  const problems = [
    ...given.filter((key) => !fitting.includes(key)).map((key) => `"${key}" does not fit the type ${type}`),
    ...(type === 'enum' && parameter.values === undefined ? ['needs "values"'] : []),
    ...boundProblems(parameter),
  ];
  return problems.length > 0 ? problems : defaultProblems(parameter);
}

function boundProblems({ min, max, minLength = 1, maxLength = 1000 }: ParameterOptions): string[] {
  return [
    ...(min !== undefined && max !== undefined && min > max ? ['"min" is above "max"'] : []),
    ...(minLength > maxLength ? ['"minLength" is above "maxLength"'] : []),
  ];
}

function defaultProblems(parameter: ParameterOptions): string[] {
  if (parameter.default === undefined) return [];
  if (parameter.required) return ['is required, so it has no use for a default'];
  // Its pattern is held against it when that has been compiled.
  const read = readValue(parameter, parameter.default, () => true);
  return 'problem' in read ? [`"default" ${read.problem}`] : [];
}
