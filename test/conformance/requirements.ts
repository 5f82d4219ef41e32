import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

/** The revisions of the protocol for which the suite has fixed what they require. */
export const REVISIONS = ['2026-07-28', '2025-11-25'] as const;

export type Revision = (typeof REVISIONS)[number];

export interface Requirements {
  /** Server scenarios that have to pass. */
  readonly required: readonly string[];
  /** Those that are run, but are no part of the revision's requirements; with the suite's reason. */
  readonly notScored: readonly { readonly scenario: string; readonly reason: string }[];
}

const document = z.object({
  server: z.array(z.string()),
  not_scored: z.array(z.object({ scenario: z.string(), leg: z.string(), reason: z.string() })),
});

/** What the suite demands of a server, from the suite itself. */
export async function requirementsOf(revision: Revision): Promise<Requirements> {
  const file = path.join(suiteFolder(), 'requirements', `${revision}.yaml`);
  const { server, not_scored: others } = document.parse(parse(await readFile(file, 'utf8')));
  return {
    required: server,
    notScored: others
      .filter(({ leg }) => leg === 'server')
      .map(({ scenario, reason }) => ({ scenario, reason })),
  };
}

/** Where the suite is installed. */
export function suiteFolder(): string {
  return path.dirname(
    createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'),
  );
}
