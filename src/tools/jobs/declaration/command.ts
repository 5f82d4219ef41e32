import { AppError } from '../../../core/errors.ts';
import { nearestName } from '../../../core/arguments.ts';
import type { JsonObject } from '../../../core/json.ts';
import { callText } from '../../../core/phrases.ts';
import { quoted } from '../words.ts';
import type { JobOptions } from './declaration.ts';
import { exampleOf, tellParameters } from './parameter-words.ts';
import { leadOf, parseTemplate, type Template } from './template.ts';
import { type Matches, readValue, type Value } from './values.ts';

// The kernel takes 128 KiB for one argument; all of them together stay below that here.
const MAX_BYTES = 131_072;
const MAX_NAME_LENGTH = 64;

type Values = ReadonlyMap<string, Value>;

/** The command of a job: what is fixed, and where values come in. */
export class Command {
  readonly #job: JobOptions;
  readonly #arguments: readonly Template[];
  /** Arguments from this one on stand behind `--`. */
  readonly #operandsFrom: number;
  readonly #matches: Matches;

  constructor(job: JobOptions, matches: Matches) {
    this.#job = job;
    this.#matches = matches;
    this.#arguments = job.command.map((text) => parseTemplate(text) ?? []);
    const separator = job.command.indexOf('--', 1);
    this.#operandsFrom = separator === -1 ? Infinity : separator + 1;
  }

  /**
   * The program and its arguments for these values: each value is one argument or a part of one, unchanged.
   *
   * @throws AppError `INVALID_ARGUMENT` that lists every problem and all parameters
   */
  argv(given: JsonObject): string[] {
    const { values, problems } = this.#read(given);
    const argv = this.#arguments.flatMap((template, index) => {
      const rendered = render(template, values);
      const dashed = index >= this.#operandsFrom ? undefined : this.#dashed(template, rendered, values);
      if (dashed !== undefined) problems.push(`${quoted(dashed)} must not begin with a dash here`);
      return rendered;
    });
    if (argv.reduce((sum, argument) => sum + Buffer.byteLength(argument) + 1, 0) > MAX_BYTES) {
      problems.push(`the arguments have more than ${MAX_BYTES} bytes`);
    }
    if (problems.length > 0) throw this.#refusal(problems);
    return argv;
  }

  #read(given: JsonObject): { values: Values; problems: string[] } {
    const { params } = this.#job;
    const problems = Object.keys(given)
      .filter((name) => !Object.hasOwn(params, name))
      .slice(0, 5)
      .map((name) => unknown(name, Object.keys(params)));
    const values = new Map<string, Value>();
    for (const [name, parameter] of Object.entries(params)) {
      const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? parameter.default;
      if (value === undefined || value === null) {
        if (parameter.required) problems.push(`"${name}" is required`);
        continue;
      }
      const read = readValue(parameter, value, this.#matches);
      if ('problem' in read) problems.push(`"${name}" ${read.problem}`);
      else values.set(name, read.value);
    }
    return { values, problems };
  }

  /** The parameter that makes an option of an argument that was meant for a value. */
  #dashed(template: Template, rendered: readonly string[], values: Values): string | undefined {
    if (leadOf(template) !== '' || !rendered.some((argument) => argument.startsWith('-'))) return undefined;
    const first = template.find((part) => 'param' in part && values.get(part.param) !== '');
    if (first === undefined || !('param' in first)) return undefined;
    const parameter = this.#job.params[first.param];
    return parameter?.allowDash === true || parameter?.flag !== undefined ? undefined : first.param;
  }

  #refusal(problems: readonly string[]): AppError {
    const { name, params } = this.#job;
    return new AppError(
      'INVALID_ARGUMENT',
      `The job ${name} does not take these args: ${problems.join('; ')}. ${tellParameters(params)}`,
      { next: callText('run_job', { job: name, args: exampleOf(params) }) },
    );
  }
}

function render(template: Template, values: Values): readonly string[] {
  const [only] = template;
  if (template.length === 1 && only !== undefined && 'param' in only) {
    const value = values.get(only.param);
    return value === undefined ? [] : typeof value === 'string' ? [value] : value;
  }
  let argument = '';
  for (const part of template) {
    const value = 'literal' in part ? part.literal : values.get(part.param);
    // Without one of its values an argument is left out.
    if (typeof value !== 'string') return [];
    argument += value;
  }
  return [argument];
}

function unknown(given: string, names: readonly string[]): string {
  const name = given.slice(0, MAX_NAME_LENGTH);
  const nearest = nearestName(name, names);
  const question = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
  return `there is no parameter ${quoted(name)}${question}`;
}
