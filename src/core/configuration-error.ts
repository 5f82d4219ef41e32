import { AppError } from './errors.ts';

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** The environment variable, or the place in a file: `fairlead.yaml:3 http.port`, `tools/get-balance.ts:12`. */
  readonly where: string;
  /** The dotted key of the setting or section, where it is about one; empty when it is about the whole. */
  readonly setting?: string;
  readonly what: string;
  /** What to do about it, as a sentence without its full stop. */
  readonly fix: string;
}

/** Everything that is wrong with the configuration at once. The message lists it for a person to read. */
export class ConfigurationError extends AppError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('CONFIGURATION_INVALID', render(problems), { next: 'fairlead check' });
    this.problems = problems;
  }
}

function render(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const items = problems.map(
    ({ where, what, fix }, index) => `${index + 1}. ${where}\n   ${sentence(what)}\n   Fix: ${sentence(fix)}`,
  );
  return [`The configuration has ${count}:`, ...items].join('\n\n');
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
