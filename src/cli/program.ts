import { Command } from 'commander';
import type { ExitStatus } from './exit-status.ts';
import type * as Keys from './keys.ts';
import type { Surroundings } from './surroundings.ts';
import type * as Trash from './trash.ts';
import type * as Users from './users.ts';

const EXAMPLES = `
Examples:
  $ fairlead                                    start the server (the same as "fairlead serve")
  $ FAIRLEAD_WORKSPACE=~/docs fairlead          serve another folder
  $ FAIRLEAD_WORKSPACE=~/docs fairlead stdio    what a local client is configured to start
  $ FAIRLEAD_CONFIG=fairlead.yaml fairlead check
                                                show the effective configuration
  $ fairlead users add ada@example.com          create an account; asks for the password
  $ fairlead policy explain ada@example.com CLIENT read_file
                                                why a call is allowed or denied

Settings come from environment variables and an optional YAML file: see docs/configuration.md.

Exit status:
  0   done, or stopped cleanly      2   the arguments are wrong
  1   something failed              78  the configuration is wrong`;

/**
 * The commands. Each one's code is loaded when it is run, so that `--help` costs nothing.
 *
 * @param ended is told the status that the process is to end with
 */
export function createProgram(surroundings: Surroundings, ended: (status: ExitStatus) => void): Command {
  const program = new Command('fairlead')
    .description('A self-hosted remote MCP server with OAuth 2.1 built in.')
    .version(surroundings.version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES)
    .configureHelp({ subcommandTerm: nameWithSubcommands })
    .showHelpAfterError('(fairlead --help lists the commands)')
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
    })
    .exitOverride();

  program
    .command('serve')
    .description('start the server (default)')
    .action(async () => {
      const { serve } = await import('./serve.ts');
      ended(await serve(surroundings));
    });
  program
    .command('stdio')
    .description('serve the program that starts this one, over standard input and output, without signing in')
    .action(async () => {
      const { stdio } = await import('./stdio.ts');
      ended(await stdio(surroundings));
    });
  program
    .command('check')
    .description('validate the configuration without starting, and print it with secrets masked')
    .action(async () => {
      const { check } = await import('./check.ts');
      await check(surroundings);
    });
  addUserStates(addUsers(program, surroundings), surroundings);
  addConnections(program, surroundings);
  addKeys(program, surroundings);
  addTrash(program, surroundings);
  addPolicy(program, surroundings, ended);
  return program;
}

/** `users add|list|passwd|remove`: the first page of help tells of every command. */
function nameWithSubcommands(command: Command): string {
  const below = command.commands.map((subcommand) => subcommand.name()).join('|');
  const operands = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [command.name(), below, ...operands].filter((part) => part !== '').join(' ');
}

function addUsers(program: Command, surroundings: Surroundings): Command {
  const users = program
    .command('users')
    .description('manage the accounts of the embedded authorization server');
  const load = (): Promise<typeof Users> => import('./users.ts');
  users
    .command('add')
    .description('create an account; asks for the password on a terminal')
    .argument('<email>')
    .option('--name <name>', 'what the person is called')
    .option('--owner', 'an owner, who may allow everything; the first account always is one')
    .option('--group <name>', 'a group that the policy may name; can be given several times', gather)
    .option('--password-stdin', 'read the password from standard input')
    .action(
      async (
        email: string,
        options: { name?: string; owner?: true; group?: string[]; passwordStdin?: true },
      ) => {
        await (await load()).addUser(surroundings, email, options);
      },
    );
  users
    .command('list')
    .description('list the accounts')
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }) => {
      await (await load()).listUsers(surroundings, options);
    });
  users
    .command('passwd')
    .description('set a new password and sign the account out everywhere')
    .argument('<email>')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (email: string, options: { passwordStdin?: true }) => {
      await (await load()).setUserPassword(surroundings, email, options);
    });
  users
    .command('remove')
    .description('remove an account and revoke everything that it allowed')
    .argument('<email>')
    .option('--yes', 'do not ask')
    .action(async (email: string, options: { yes?: true }) => {
      await (await load()).removeUser(surroundings, email, options);
    });
  users
    .command('groups')
    .description('put an account into these groups and no others; without any, tell those that it is in')
    .argument('<email>')
    .argument('[group...]')
    .option('--none', 'take the account out of all groups')
    .action(async (email: string, groups: string[], options: { none?: true }) => {
      await (await load()).setUserGroups(surroundings, email, groups, options);
    });
  return users;
}

function addUserStates(users: Command, surroundings: Surroundings): void {
  const load = (): Promise<typeof Users> => import('./users.ts');
  users
    .command('disable')
    .description('sign an account out, revoke everything that it allowed, and refuse it until it is enabled')
    .argument('<email>', 'or, in mode external, the subject as logs name it')
    .action(async (email: string) => {
      await (await load()).disableUser(surroundings, email);
    });
  users
    .command('enable')
    .description('let a disabled account sign in again')
    .argument('<email>', 'or, in mode external, the subject as logs name it')
    .action(async (email: string) => {
      await (await load()).enableUser(surroundings, email);
    });
}

function addConnections(program: Command, surroundings: Surroundings): void {
  program
    .command('connections')
    .description('tell who tried to connect, and where a connection got stuck')
    .argument('[client-or-address]', 'id or name of a client, or an address; all of them without')
    .option('--json', 'print JSON')
    .action(async (who: string | undefined, options: { json?: true }) => {
      const { showConnections } = await import('./connections.ts');
      await showConnections(surroundings, who, options);
    });
}

function addKeys(program: Command, surroundings: Surroundings): void {
  const keys = program.command('keys').description('manage the keys that sign tokens and seal sessions');
  const load = (): Promise<typeof Keys> => import('./keys.ts');
  keys
    .command('new')
    .description('print a new key ring as JSON, for a secret manager')
    .action(async () => {
      (await load()).printNewKeys(surroundings);
    });
  keys
    .command('list')
    .description('list the keys, without anything secret')
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }) => {
      await (await load()).printKeys(surroundings, options);
    });
  keys
    .command('rotate')
    .description(
      'sign with a new key from now on; old keys stay valid until the last token has ended. Prints the new ring where the keys are not in the data folder',
    )
    .option('--drop-old', 'refuse at once what the old keys made: for keys that may be in other hands')
    .option('--lead <seconds>', 'until the new key takes over, so that every process knows it by then')
    .action(async (options: { dropOld?: true; lead?: string }) => {
      await (await load()).rotateKeyRing(surroundings, options);
    });
}

function addPolicy(program: Command, surroundings: Surroundings, ended: (status: ExitStatus) => void): void {
  program
    .command('policy')
    .description('look at what the policy allows')
    .command('explain')
    .description('tell step by step why a call is allowed (status 0) or denied (status 1)')
    .argument('<subject>', 'id or e-mail address of the account; of a service, its client id')
    .argument('<client>', 'client id, or the address of the metadata document')
    .argument('<tool>', 'name of the tool')
    .option('--group <name>', 'a group that the person is taken to be in; can be given several times', gather)
    .option('--json', 'print JSON')
    .action(
      async (
        subject: string,
        clientId: string,
        tool: string,
        { group: groups = [], ...options }: { group?: string[]; json?: true },
      ) => {
        const { explainPolicy } = await import('./policy.ts');
        ended(await explainPolicy(surroundings, { subject, clientId, tool, groups }, options));
      },
    );
}

function addTrash(program: Command, surroundings: Surroundings): void {
  const trash = program.command('trash').description('look after what delete_file put into the trash');
  const load = (): Promise<typeof Trash> => import('./trash.ts');
  trash
    .command('list')
    .description('list what is in the trash, the latest first')
    .option('--workspace <name>', 'of this workspace only')
    .option('--json', 'print JSON')
    .action(async (options: { workspace?: string; json?: true }) => {
      await (await load()).listTrash(surroundings, options);
    });
  trash
    .command('restore')
    .description('put something back where it was; nothing is overwritten')
    .argument('<id>')
    .option('--to <path>', 'to another path, as the tools name it')
    .option('--workspace <name>', 'from the trash of this workspace')
    .action(async (id: string, options: { to?: string; workspace?: string }) => {
      await (await load()).restoreTrash(surroundings, id, options);
    });
  trash
    .command('empty')
    .description('remove what is in the trash for good')
    .option('--older-than <days>', 'only what was deleted longer ago')
    .option('--workspace <name>', 'of this workspace only')
    .option('--yes', 'do not ask')
    .action(async (options: { olderThan?: string; workspace?: string; yes?: true }) => {
      await (await load()).emptyTrash(surroundings, options);
    });
}

/** Each time that an option is given adds a value. */
function gather(value: string, earlier: readonly string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}
