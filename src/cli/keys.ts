import { loadConfig } from '../config/index.ts';
import { systemClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { type KeyDescription, listKeys, newKeyRing, rotateKeys, type Rotation } from '../keys/index.ts';
import { withAudit } from './audit.ts';
import type { Surroundings } from './surroundings.ts';

const MAX_LEAD = 86_400;

/** `fairlead keys new` */
export function printNewKeys({ stdout, stderr }: Surroundings): void {
  stdout.write(newKeyRing(systemClock));
  stderr.write(
    'Keep this secret. Give it to every process as FAIRLEAD_KEYS, or as a file that FAIRLEAD_KEYS_FILE names.\n',
  );
}

/** `fairlead keys list` */
export async function printKeys(
  surroundings: Surroundings,
  options: { readonly json?: true },
): Promise<void> {
  const { dataDir, keys } = await loadConfig(surroundings);
  const listed = await listKeys({ dataDir, ...keys }, systemClock);
  surroundings.stdout.write(
    options.json === true ? `${JSON.stringify(listed.map(dated), undefined, 2)}\n` : table(listed),
  );
}

/** `fairlead keys rotate` */
export async function rotateKeyRing(
  surroundings: Surroundings,
  options: { readonly dropOld?: true; readonly lead?: string },
): Promise<void> {
  const lead = leadOf(options.lead);
  const config = await loadConfig(surroundings);
  const dropOld = options.dropOld === true;
  const rotation = await withAudit(surroundings, config, async ({ audit }) => {
    const { dataDir, keys } = config;
    const rotated = await rotateKeys({ dataDir, ...keys }, systemClock, {
      dropOld,
      ...(lead === undefined ? {} : { lead }),
    });
    const { kid, ring } = rotated;
    const details = { kid, dropOld, written: ring === undefined, by: 'command line' };
    audit({ action: 'keys.rotated', outcome: 'success', details });
    return rotated;
  });
  const { stdout, stderr } = surroundings;
  if (rotation.ring === undefined) {
    stdout.write(written(rotation, dropOld));
  } else {
    // What is not for the secret manager goes beside the pipe.
    stderr.write(handedOver(rotation, dropOld));
    stdout.write(rotation.ring);
  }
}

function written({ kid, activeAt }: Rotation, dropOld: boolean): string {
  return (
    `The key ${kid} signs from ${time(activeAt)} on, in running servers too.\n` +
    (dropOld
      ? 'The old ones are gone: what they signed or sealed is refused within seconds, and everybody signs in again.\n'
      : 'The old ones are kept until the last token that they signed, and the last session that they sealed, has ended.\n')
  );
}

function handedOver({ kid, activeAt }: Rotation, dropOld: boolean): string {
  const deadline = dropOld ? 'at once' : `before ${time(activeAt)}, when the key ${kid} takes over`;
  return (
    'Nothing has changed yet: the keys are not in the data folder. Put this ring where they come from.\n' +
    `Every process must have it ${deadline}. A file is read again by itself, a variable at a restart.\n` +
    (dropOld ? 'It has none of the old keys: everybody signs in again.\n' : '')
  );
}

function leadOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const lead = Number(text);
  if (/^\d+$/.test(text) && lead >= 10 && lead <= MAX_LEAD) return lead;
  throw new AppError('INVALID_ARGUMENT', `--lead takes seconds, from 10 to ${String(MAX_LEAD)}.`);
}

function dated({ purpose, kid, state, activeAt, endsAt }: KeyDescription): object {
  return {
    purpose,
    kid,
    state,
    activeAt: time(activeAt),
    ...(endsAt === undefined ? {} : { endsAt: time(endsAt) }),
  };
}

function table(keys: readonly KeyDescription[]): string {
  if (keys.length === 0) return 'There are no keys yet: the first start makes them.\n';
  const rows = keys.map(({ purpose, kid, state, activeAt, endsAt }) => [
    ...[purpose, kid, state, time(activeAt)],
    endsAt === undefined ? '' : time(endsAt),
  ]);
  const all = [['PURPOSE', 'ID', 'STATE', 'ACTIVE FROM', 'DROPPED AT'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
