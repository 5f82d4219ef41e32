import { openAccounts } from '../auth/index.ts';
import type { Accounts } from '../auth/index.ts';
import { loadConfig } from '../config/index.ts';
import { AppError } from '../core/errors.ts';
import { openStore } from '../store/index.ts';
import { ask, askPassword, readPassword } from './ask.ts';
import { stderrLogger } from './stderr-logger.ts';
import type { Surroundings } from './surroundings.ts';

/** `fairlead users add`: the first account is an owner, whatever is asked for, as somebody has to be. */
export async function addUser(
  surroundings: Surroundings,
  email: string,
  options: { readonly name?: string; readonly owner?: true; readonly passwordStdin?: true },
): Promise<void> {
  await withAccounts(surroundings, async (accounts) => {
    if ((await accounts.findByEmail(email)) !== undefined) throw taken(email);
    const password = await newPassword(surroundings, options);
    const role = options.owner === true || (await accounts.isEmpty()) ? 'owner' : 'member';
    const account = await accounts.add({ email, password, name: options.name, role });
    surroundings.stdout.write(`Created the ${account.role} account ${account.email}.\n`);
  });
}

/** `fairlead users list` */
export async function listUsers(
  surroundings: Surroundings,
  options: { readonly json?: true },
): Promise<void> {
  await withAccounts(surroundings, async (accounts) => {
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
  await withAccounts(surroundings, async (accounts) => {
    if ((await accounts.findByEmail(email)) === undefined) throw unknown(email);
    await accounts.setPassword(email, await newPassword(surroundings, options));
    surroundings.stdout.write(`Set the password of ${email} and signed the account out everywhere.\n`);
  });
}

/** `fairlead users remove` */
export async function removeUser(
  surroundings: Surroundings,
  email: string,
  options: { readonly yes?: true },
): Promise<void> {
  await withAccounts(surroundings, async (accounts) => {
    if (options.yes !== true) await confirmRemoval(surroundings, email);
    await accounts.remove(email);
    surroundings.stdout.write(`Removed ${email} and revoked everything that the account had allowed.\n`);
  });
}

async function withAccounts(
  surroundings: Surroundings,
  work: (accounts: Accounts) => Promise<void>,
): Promise<void> {
  const config = await loadConfig(surroundings);
  if (config.store.url === 'memory') {
    throw new AppError(
      'CONFIGURATION_INVALID',
      'Accounts are kept in the memory of the running server only.',
      {
        next: 'set FAIRLEAD_STORE to a store that outlives the process, such as sqlite',
      },
    );
  }
  const logger = stderrLogger(surroundings.stderr);
  const store = await openStore(config.store, { dataDir: config.dataDir, logger });
  try {
    await work(openAccounts({ store }));
  } finally {
    await store.close();
  }
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
    ['EMAIL', 'ROLE', 'CREATED', 'NAME'],
    ...accounts.map(({ email, role, createdAt, name }) => [email, role, createdAt.slice(0, 10), name]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
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
