import type { Profile } from './profiles.ts';
import type { Requirements, Revision } from './requirements.ts';
import type { ScenarioResult } from './run-suite.ts';

/** What the suite has found for one revision in one profile. */
export interface Outcome {
  readonly profile: Profile;
  readonly revision: Revision;
  readonly requirements: Requirements;
  readonly results: readonly ScenarioResult[];
}

/** Required scenarios that have not passed, each with what is said of it. */
export function shortfalls({ requirements, results }: Outcome): string[] {
  return requirements.required.flatMap((scenario) => {
    const result = results.find((candidate) => candidate.scenario === scenario);
    if (result === undefined) return [`${scenario}: not run`];
    if (result.failures.length > 0) return result.failures.map((failure) => `${scenario}: ${failure}`);
    return result.passed === 0 ? [`${scenario}: nothing was checked`] : [];
  });
}

/** The results as Markdown. The same results give the same text. */
export function renderDocument(suiteVersion: string, outcomes: readonly Outcome[]): string {
  const profiles = [...new Set(outcomes.map(({ profile }) => profile))];
  const revisions = [...new Set(outcomes.map(({ revision }) => revision))];
  return [
    '# Conformance',
    `What \`@modelcontextprotocol/conformance\` ${suiteVersion} finds when it calls the one MCP endpoint with the tools, resources and prompts that it wants to see. Written by \`npm run conformance -- --write\`; the pipeline runs it again and fails where a required scenario does not pass or this page is not true any more.`,
    'It is run in four ways:',
    profiles.map(({ title, description }) => `- **${title}**: ${description}`).join('\n'),
    ...revisions.map((revision) =>
      section(
        revision,
        outcomes.filter((outcome) => outcome.revision === revision),
      ),
    ),
  ].join('\n\n');
}

function section(revision: Revision, outcomes: readonly Outcome[]): string {
  const requirements = outcomes[0]?.requirements ?? { required: [], notScored: [] };
  const { required, notScored } = requirements;
  const head = outcomes.map(({ profile }) => profile.title);
  const cells = (scenario: string): string[] => outcomes.map(({ results }) => verdict(scenario, results));
  return [
    `## Revision ${revision}`,
    `Required: ${required.length} scenarios.`,
    table(
      ['scenario', ...head],
      required.map((scenario) => [`\`${scenario}\``, ...cells(scenario)]),
    ),
    'Run as well, but no part of what the revision requires:',
    table(
      ['scenario', 'why it is not scored', ...head],
      notScored.map(({ scenario, reason }) => [`\`${scenario}\``, reason, ...cells(scenario)]),
    ),
    ...remarks(outcomes),
  ].join('\n\n');
}

function verdict(scenario: string, results: readonly ScenarioResult[]): string {
  const result = results.find((candidate) => candidate.scenario === scenario);
  if (result === undefined) return 'not run';
  if (result.failures.length > 0) return '**fails**';
  if (result.warnings.length > 0) return 'passes, with warnings';
  return result.passed > 0 ? 'passes' : 'nothing to check';
}

/** What failed and what was warned of, once for all profiles; what the checks say holds ids and times. */
function remarks(outcomes: readonly Outcome[]): string[] {
  const said = outcomes.flatMap(({ results }) =>
    results.flatMap(({ scenario, failures, warnings }) => [
      ...failures.map((failure) => `- \`${scenario}\`: ${idOf(failure)} fails`),
      ...warnings.map((warning) => `- \`${scenario}\`: ${idOf(warning)} warns`),
    ]),
  );
  return said.length === 0 ? [] : ['Checks that found something:', [...new Set(said)].toSorted().join('\n')];
}

function idOf(remark: string): string {
  return `\`${remark.split(':', 1)[0] ?? ''}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
