import { ConfigurationError, type Problem } from '../../../core/configuration-error.ts';
import type { JobOptions } from './declaration.ts';
import type { ParameterOptions } from './parameter.ts';
import { type Matches, readValue } from './values.ts';

interface Patterned {
  /** `tools.jobs.jobs.report.params.month`. */
  readonly where: string;
  readonly parameter: ParameterOptions;
  readonly pattern: string;
}

const SETTING = 'tools.jobs.jobs';
const SYNTAX = 'https://github.com/google/re2/wiki/Syntax';

/**
 * Compiles the patterns of all parameters. Agents choose the texts, so an expression must not be able to take
 * longer than they are: RE2 does not backtrack, and refuses what would need it.
 *
 * @throws ConfigurationError that names every pattern that is none, and every default that does not match its own
 */
export async function compilePatterns(jobs: readonly JobOptions[]): Promise<Matches> {
  const patterned = jobs.flatMap(patternsOf);
  if (patterned.length === 0) return () => false;
  const { RE2JS } = await import('re2js');
  const compiled = new Map<string, InstanceType<typeof RE2JS>>();
  const matches: Matches = (pattern, text) => compiled.get(pattern)?.matches(text) === true;
  const problems: Problem[] = [];
  for (const { where, parameter, pattern } of patterned) {
    try {
      compiled.set(pattern, RE2JS.compile(pattern));
      problems.push(...defaultProblems(where, parameter, matches));
    } catch (error) {
      problems.push(unreadable(`${where}.pattern`, error));
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return matches;
}

function patternsOf({ name: job, params }: JobOptions): Patterned[] {
  return Object.entries(params).flatMap(([name, parameter]) => {
    const where = `${SETTING}.${job}.params.${name}`;
    return parameter.pattern === undefined ? [] : [{ where, parameter, pattern: parameter.pattern }];
  });
}

function defaultProblems(where: string, parameter: ParameterOptions, matches: Matches): Problem[] {
  if (parameter.default === undefined) return [];
  const read = readValue(parameter, parameter.default, matches);
  if (!('problem' in read)) return [];
  const [what, fix] = [read.problem, 'correct the default or the pattern'];
  return [{ where: `${where}.default`, setting: SETTING, what, fix }];
}

function unreadable(where: string, error: unknown): Problem {
  const why = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : String(error);
  return {
    where,
    setting: SETTING,
    what: `is no expression of RE2: ${why}`,
    fix: `write it without looking around and back-references: ${SYNTAX}`,
  };
}
