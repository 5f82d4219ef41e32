import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { REQUIREMENTS } from '../requirements.ts';

const ROOT = path.join(import.meta.dirname, '..');
const requirements = Object.values(REQUIREMENTS);

/** Clause id → files of the tests that cite it. */
const citations = new Map<string, string[]>();
for (const file of globSync('**/*.test.ts', { cwd: ROOT })) {
  const source = readFileSync(path.join(ROOT, file), 'utf8');
  for (const [, list = ''] of source.matchAll(/\bcites\(\s*\[([^\]]*)\]/g)) {
    for (const [, id = ''] of list.matchAll(/'([^']+)'/g)) {
      citations.set(id, [...(citations.get(id) ?? []), file]);
    }
  }
}

const exemptionOf = (requirement: (typeof requirements)[number]) =>
  Object.entries(requirement.exempt ?? {})[0] as [kind: string, reason: string] | undefined;

describe('the clauses of the specification', () => {
  it('are each cited by a test, unless there is a reason why none can be', () => {
    const uncited = requirements.filter(
      (requirement) => exemptionOf(requirement) === undefined && !citations.has(requirement.id),
    );
    expect(uncited.map(({ id, level, summary }) => `${id} (${level}): ${summary}`)).toEqual([]);
  });

  it('are the only ones that tests cite', () => {
    const unknown = [...citations].filter(([id]) => !Object.hasOwn(REQUIREMENTS, id));
    expect(unknown).toEqual([]);
  });

  it('have a sentence as the reason for each that is exempt, and no test that contradicts it', () => {
    for (const requirement of requirements) {
      const exemption = exemptionOf(requirement);
      if (exemption === undefined) continue;
      const [kind, reason] = exemption;
      expect(['notOffered', 'untestable', 'deviates'], requirement.id).toContain(kind);
      expect(reason, requirement.id).toMatch(/^[A-Z].{20,}\.$/s);
      expect(citations.get(requirement.id), requirement.id).toBeUndefined();
    }
  });

  it('are deviated from in few places', () => {
    const deviations = requirements.filter((requirement) => exemptionOf(requirement)?.[0] === 'deviates');
    expect(deviations.map(({ id }) => id).sort()).toEqual([
      '2025-11-25/cancellation/reason-logged',
      '2025-11-25/ping/periodic',
      '2026-07-28/cancellation/listen-cancelled',
      '2026-07-28/cancellation/reason-logged',
      '2026-07-28/logging/migrated',
      '2026-07-28/logging/not-adopted',
      '2026-07-28/streamable-http/http-sse-not-adopted',
    ]);
  });

  it('are of both eras and have ids of their own', () => {
    expect(requirements.length).toBeGreaterThan(200);
    for (const [id, requirement] of Object.entries(REQUIREMENTS)) {
      expect(requirement.id).toBe(id);
      expect(id.slice(0, 10)).toBe(requirement.page.slice(0, 10));
      expect(id).toMatch(/^20\d\d-\d\d-\d\d\/[a-z-]+\/[a-z0-9-]+$/);
    }
  });
});
