import { nearestName } from '../../core/arguments.ts';
import { AppError } from '../../core/errors.ts';
import { callText, counted } from '../../core/phrases.ts';
import type { Permit } from '../../core/permit.ts';
import { Command } from './declaration/command.ts';
import type { JobOptions } from './declaration/declaration.ts';
import { exampleOf, tellParameters } from './declaration/parameter-words.ts';
import type { Matches } from './declaration/values.ts';
import { quoted } from './words.ts';

export interface Job {
  readonly options: JobOptions;
  readonly command: Command;
}

/** Jobs that an error tells with their parameters; of more of them there are names only. */
const MAX_TOLD = 10;

/** The declared jobs. One that a permit does not allow does not exist to its holder. */
export class Catalog {
  readonly #jobs: ReadonlyMap<string, Job>;

  constructor(jobs: readonly JobOptions[], matches: Matches) {
    this.#jobs = new Map(
      jobs.map((options) => [options.name, { options, command: new Command(options, matches) }] as const),
    );
  }

  /** @throws AppError `INVALID_ARGUMENT` that tells which jobs there are */
  require(permit: Permit, name: string): Job {
    const job = permit.allowsJob(name) ? this.#jobs.get(name) : undefined;
    if (job !== undefined) return job;
    const own = [...this.#jobs.values()].filter(({ options }) => permit.allowsJob(options.name));
    throw unknownJob(name, own);
  }
}

/** A job with its parameters, in words for an agent. */
export function tellJob({ description, params, confirm }: JobOptions): string {
  const end = /[.!?]$/.test(description) ? '' : '.';
  const asks = confirm ? ' Asks the person for confirmation.' : '';
  return `${description}${end}${asks} ${tellParameters(params)}`;
}

function unknownJob(name: string, jobs: readonly Job[]): AppError {
  if (jobs.length === 0) {
    return new AppError('INVALID_ARGUMENT', `There is no job ${quoted(name)}: none is open to you.`, {
      next: 'do without it, or tell the person that the operator has to allow it',
    });
  }
  const names = jobs.map(({ options }) => options.name);
  const told = jobs.slice(0, MAX_TOLD).map(({ options }) => `${options.name}: ${tellJob(options)}`);
  const rest = names.slice(MAX_TOLD);
  const more = rest.length === 0 ? '' : `\nand ${counted(rest.length, 'more')}: ${rest.join(', ')}`;
  const nearest = nearestName(name, names);
  const likely = jobs.find(({ options }) => options.name === nearest)?.options ?? jobs[0]?.options;
  return new AppError(
    'INVALID_ARGUMENT',
    `There is no job ${quoted(name)}. There are:\n${told.join('\n')}${more}\n`,
    likely === undefined
      ? {}
      : { next: callText('run_job', { job: likely.name, args: exampleOf(likely.params) }) },
  );
}
