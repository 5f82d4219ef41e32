import { describe, expect, it } from 'vitest';
import { shortfalls } from './document.ts';
import { PROFILES } from './profiles.ts';
import { REVISIONS } from './requirements.ts';
import { runProfile } from './run-profile.ts';

// The other profiles take longer, and are run by `npm run conformance`.
const PROFILE = 'plain';

describe('the conformance suite', () => {
  it('finds every requirement of each revision met', { timeout: 180_000 }, async () => {
    const profile = PROFILES.find(({ name }) => name === PROFILE);
    if (profile === undefined) throw new Error(`No profile ${PROFILE}`);
    const outcomes = await runProfile(profile);
    expect(outcomes.map(({ revision }) => revision)).toEqual(REVISIONS);
    for (const outcome of outcomes) expect(shortfalls(outcome), outcome.revision).toEqual([]);
  });
});
