import type { Outcome } from './document.ts';
import type { Profile } from './profiles.ts';
import { requirementsOf, REVISIONS } from './requirements.ts';
import { runSuite } from './run-suite.ts';

/** Starts the server as the profile says, runs the suite for each revision at the same time, and stops it. */
export async function runProfile(profile: Profile): Promise<Outcome[]> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const { mcpUrl } = await profile.start((stop) => stops.push(stop));
    return await Promise.all(
      REVISIONS.map(async (revision) => {
        const requirements = await requirementsOf(revision);
        const results = await runSuite(['server', '--url', mcpUrl, '--requirements', revision]);
        return { profile, revision, requirements, results };
      }),
    );
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}
