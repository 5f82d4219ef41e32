import { Command } from 'commander';
import type { ExitStatus } from './exit-status.ts';
import type { Surroundings } from './surroundings.ts';
import type * as Users from './users.ts';

const EXAMPLES = `
Examples:
  $ fairlead                                    start the server (the same as "fairlead serve")
  $ FAIRLEAD_WORKSPACE=~/docs fairlead          serve another folder
  $ FAIRLEAD_WORKSPACE=~/docs fairlead stdio    what a local client is configured to start
  $ FAIRLEAD_CONFIG=fairlead.yaml fairlead check
                                                show the effective configuration
  $ fairlead users add ada@example.com          create an account; asks for the password

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
  addUsers(program, surroundings);
  addKeys(program, surroundings);
  return program;
}

/** `users add|list|passwd|remove`: the first page of help tells of every command. */
function nameWithSubcommands(command: Command): string {
  const below = command.commands.map((subcommand) => subcommand.name()).join('|');
  const operands = command.registeredArguments.map((argument) => `<${argument.name()}>`);
  return [command.name(), below, ...operands].filter((part) => part !== '').join(' ');
}

function addUsers(program: Command, surroundings: Surroundings): void {
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
    .option('--password-stdin', 'read the password from standard input')
    .action(async (email: string, options: { name?: string; owner?: true; passwordStdin?: true }) => {
      await (await load()).addUser(surroundings, email, options);
    });
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
}

function addKeys(program: Command, surroundings: Surroundings): void {
  program
    .command('keys')
    .description('manage the keys that sign tokens and seal sessions')
    .command('rotate')
    .description('sign with a new key from now on; old keys stay valid until the last token has ended')
    .option('--drop-old', 'refuse at once what the old keys made: for keys that may be in other hands')
    .action(async (options: { dropOld?: true }) => {
      const { rotateSigningKey } = await import('./keys.ts');
      await rotateSigningKey(surroundings, options);
    });
}
