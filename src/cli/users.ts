import { AccountAdministration, openAccounts } from '../auth/index.ts';
import type { Account, Accounts } from '../auth/index.ts';
import { systemClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import { ask, askPassword, readPassword } from './ask.ts';
import { withAudit } from './audit.ts';
import { withStore } from './stored-state.ts';
import { disableSubject, enableSubject, type SharedState } from './subjects.ts';
import type { Surroundings } from './surroundings.ts';

/** Whoever can run commands on the machine. */
const OPERATOR = {};
const MAX_GROUP_LENGTH = 200;

/** `fairlead users add`: the first account is an owner, whatever is asked for, as somebody has to be. */
export async function addUser(
  surroundings: Surroundings,
  email: string,
  options: {
    readonly name?: string;
    readonly owner?: true;
    readonly group?: readonly string[];
    readonly passwordStdin?: true;
  },
): Promise<void> {
  await withAccounts(surroundings, async ({ accounts, administration }) => {
    if ((await accounts.findByEmail(email)) !== undefined) throw taken(email);
    const groups = groupsIn(options.group ?? []);
    const password = await newPassword(surroundings, options);
    const role = options.owner === true || (await accounts.isEmpty()) ? 'owner' : 'member';
    const account = await administration.add({ email, password, name: options.name, role }, OPERATOR);
    if (groups.length > 0) await administration.setGroups(account.id, groups, OPERATOR);
    surroundings.stdout.write(`Created the ${account.role} account ${account.email}.\n`);
  });
}

/** `fairlead users list` */
export async function listUsers(
  surroundings: Surroundings,
  options: { readonly json?: true },
): Promise<void> {
  await withAccounts(surroundings, async ({ accounts }) => {
    const listed = await accounts.list();
    const text = options.json === true ? JSON.stringify(listed, undefined, 2) : table(listed);
    surroundings.stdout.write(`${text}\n`);
  });
}

/** `fairlead users passwd` */
export async function setUserPassword(
  surroundings: Surroundings,
  email: string,
  options: { readonly passwordStdin?: true },
): Promise<void> {
  await withAccounts(surroundings, async ({ accounts, administration }) => {
    await accountOf(accounts, email);
    await administration.setPassword(email, await newPassword(surroundings, options), OPERATOR);
    surroundings.stdout.write(`Set the password of ${email} and signed the account out everywhere.\n`);
  });
}

/** `fairlead users remove` */
export async function removeUser(
  surroundings: Surroundings,
  email: string,
  options: { readonly yes?: true },
): Promise<void> {
  await withAccounts(surroundings, async ({ accounts, administration }) => {
    if (options.yes !== true) await confirmRemoval(surroundings, email);
    const account = await accounts.findByEmail(email);
    if (account !== undefined) await administration.remove(account.id, OPERATOR);
    // What a removal that broke off has left.
    else await accounts.remove(email);
    surroundings.stdout.write(`Removed ${email} and revoked everything that the account had allowed.\n`);
  });
}

/** `fairlead users groups`: the next token of the account's clients has them. */
export async function setUserGroups(
  surroundings: Surroundings,
  email: string,
  groups: readonly string[],
  options: { readonly none?: true },
): Promise<void> {
  await withAccounts(surroundings, async ({ accounts, administration }) => {
    const account = await accountOf(accounts, email);
    if (options.none === true && groups.length > 0) {
      throw new AppError('INVALID_ARGUMENT', '--none goes without groups.');
    }
    const isChange = options.none === true || groups.length > 0;
    const known = isChange ? await administration.setGroups(account.id, groupsIn(groups), OPERATOR) : account;
    const list = known.groups.length === 0 ? 'no group' : known.groups.join(', ');
    surroundings.stdout.write(`${known.email} is in ${list}.\n`);
  });
}

function groupsIn(names: readonly string[]): string[] {
  const groups = [...new Set(names.map((name) => name.trim()))];
  if (groups.every((name) => name !== '' && name.length <= MAX_GROUP_LENGTH)) return groups;
  throw new AppError('INVALID_ARGUMENT', `The name of a group has 1 to ${MAX_GROUP_LENGTH} characters.`);
}

/** `fairlead users disable`: an account by its address, or a subject of external issuers. */
export async function disableUser(surroundings: Surroundings, name: string): Promise<void> {
  await withAccounts(
    surroundings,
    async ({ accounts, administration }) => {
      const { id } = await accountOf(accounts, name);
      await administration.disable(id, OPERATOR);
      surroundings.stdout.write(
        `Disabled ${name}: signed out, and everything revoked that the account had allowed.\n`,
      );
    },
    (state) => disableSubject(surroundings, state, name),
  );
}

/** `fairlead users enable`: an account by its address, or a subject of external issuers. */
export async function enableUser(surroundings: Surroundings, name: string): Promise<void> {
  await withAccounts(
    surroundings,
    async ({ accounts, administration }) => {
      const { id } = await accountOf(accounts, name);
      await administration.enable(id, OPERATOR);
      surroundings.stdout.write(`Enabled ${name}: the person can sign in again.\n`);
    },
    (state) => enableSubject(surroundings, state, name),
  );
}

function notUsed(): Promise<void> {
  throw new AppError('CONFIGURATION_INVALID', 'Accounts are not used: auth.mode is "external".', {
    next: 'manage people where their tokens come from; fairlead users disable SUBJECT cuts one off here',
  });
}

interface People {
  readonly accounts: Accounts;
  readonly administration: AccountAdministration;
}

/** @param onSubjects What to do instead where others issue the tokens. */
async function withAccounts(
  surroundings: Surroundings,
  work: (people: People) => Promise<void>,
  onSubjects: (state: SharedState) => Promise<void> = notUsed,
): Promise<void> {
  await withStore(surroundings, 'Accounts', async (store, config) => {
    if (config.auth.mode === 'external') {
      await onSubjects({ store, config });
      return;
    }
    await withAudit(surroundings, config, async (telemetry) => {
      const accounts = openAccounts({ store });
      const clock = systemClock;
      await work({
        accounts,
        administration: new AccountAdministration({
          ...{ accounts, store, clock, telemetry },
          options: config.auth,
        }),
      });
    });
  });
}

async function accountOf(accounts: Accounts, email: string): Promise<Account> {
  const account = await accounts.findByEmail(email);
  if (account === undefined) throw unknown(email);
  return account;
}

async function newPassword(
  surroundings: Surroundings,
  { passwordStdin }: { readonly passwordStdin?: true },
): Promise<string> {
  return passwordStdin === true ? await readPassword(surroundings) : await askPassword(surroundings);
}

async function confirmRemoval(surroundings: Surroundings, email: string): Promise<void> {
  const answer = await ask(surroundings, `Remove ${email}? Type the address again: `, '--yes');
  if (answer.trim().toLowerCase() === email.trim().toLowerCase()) return;
  throw new AppError('CANCELLED', 'Nothing was removed.');
}

function table(accounts: Awaited<ReturnType<Accounts['list']>>): string {
  if (accounts.length === 0) return 'There is no account yet: fairlead users add EMAIL';
  const rows = [
    ['EMAIL', 'ROLE', 'STATE', 'CREATED', 'NAME'],
    ...accounts.map(({ email, role, disabledAt, createdAt, name }) => {
      const state = disabledAt === undefined ? 'active' : 'disabled';
      return [email, role, state, createdAt.slice(0, 10), name];
    }),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function taken(email: string): AppError {
  return new AppError('INVALID_ARGUMENT', `There is already an account for ${email}.`, {
    next: `fairlead users passwd ${email} sets a new password`,
  });
}

function unknown(email: string): AppError {
  return new AppError('NOT_FOUND', `There is no account for ${email}.`, {
    next: 'fairlead users list shows them all',
  });
}
