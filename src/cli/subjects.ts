import { admitSubject, cutOffSubject } from '../auth/index.ts';
import type { Config } from '../config/index.ts';
import type { Store } from '../core/store.ts';
import { withAudit } from './audit.ts';
import type { Surroundings } from './surroundings.ts';

/** What a command and the running servers have in common. */
export interface SharedState {
  readonly store: Store;
  readonly config: Config;
}

/**
 * `fairlead users disable` where others issue the tokens: there is no account, only whom they are for.
 *
 * @param subject As logs name it, with the prefix of its issuer.
 */
export async function disableSubject(
  surroundings: Surroundings,
  { store, config }: SharedState,
  subject: string,
): Promise<void> {
  await withAudit(surroundings, config, async ({ audit }) => {
    await cutOffSubject(store, subject);
    audit({
      action: 'subject.disabled',
      outcome: 'success',
      details: { by: 'command line', account: subject },
    });
  });
  surroundings.stdout.write(`Disabled ${subject}: no token for it counts, whoever issued it.\n`);
}

/** `fairlead users enable` where others issue the tokens. */
export async function enableSubject(
  surroundings: Surroundings,
  { store, config }: SharedState,
  subject: string,
): Promise<void> {
  await withAudit(surroundings, config, async ({ audit }) => {
    const wasDisabled = await admitSubject(store, subject);
    if (wasDisabled) {
      audit({
        action: 'subject.enabled',
        outcome: 'success',
        details: { by: 'command line', account: subject },
      });
    }
    surroundings.stdout.write(
      wasDisabled ? `Enabled ${subject}: its tokens count again.\n` : `${subject} was not disabled.\n`,
    );
  });
}
