/**
 * Runs the conformance suite of the protocol against the server, for each revision and in each profile.
 * Exits 1 when a required scenario does not pass. `--profile NAME` runs one profile alone; `--write` writes
 * docs/conformance.md from all of them; `--check` exits 1 when that page is stale.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { type Outcome, renderDocument, shortfalls } from '../test/conformance/document.ts';
import { PROFILES } from '../test/conformance/profiles.ts';
import { suiteFolder } from '../test/conformance/requirements.ts';
import { runProfile } from '../test/conformance/run-profile.ts';

const DOCUMENT = join(import.meta.dirname, '../docs/conformance.md');

/** Tells how an outcome is; whether all that is required has passed. */
function tell(outcome: Outcome): boolean {
  const { profile, revision, requirements } = outcome;
  const missing = shortfalls(outcome);
  const failed = new Set(missing.map((text) => text.split(':', 1)[0]));
  const { length } = requirements.required;
  console.log(`${profile.title}, ${revision}: ${length - failed.size} of ${length} required scenarios pass`);
  for (const text of missing) console.log(`  ${text}`);
  for (const { scenario, failures } of outcome.results) {
    if (requirements.required.includes(scenario)) continue;
    for (const failure of failures) console.log(`  not required: ${scenario}: ${failure.slice(0, 300)}`);
  }
  return missing.length === 0;
}

async function documentOf(outcomes: readonly Outcome[]): Promise<string> {
  const about = JSON.parse(await readFile(join(suiteFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  const text = renderDocument(about.version, outcomes);
  return format(text, { ...(await resolveConfig(DOCUMENT)), filepath: DOCUMENT });
}

const { values } = parseArgs({
  options: {
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const chosen = PROFILES.filter(({ name }) => values.profile === undefined || name === values.profile);
if (chosen.length === 0) throw new Error(`Profiles: ${PROFILES.map(({ name }) => name).join(', ')}`);

const outcomes: Outcome[] = [];
for (const profile of chosen) outcomes.push(...(await runProfile(profile)));
if (!outcomes.map(tell).every(Boolean)) process.exitCode = 1;

if (chosen.length === PROFILES.length && (values.write || values.check)) {
  const next = await documentOf(outcomes);
  if (values.write) await writeFile(DOCUMENT, next);
  else if (next !== (await readFile(DOCUMENT, 'utf8').catch(() => ''))) {
    console.error(
      'docs/conformance.md is stale: run "npm run conformance -- --write" and commit the result.',
    );
    process.exitCode = 1;
  }
}
