import { CommanderError } from 'commander';
import { EXIT } from './exit-status.ts';
import { createProgram } from './program.ts';
import type { Surroundings } from './surroundings.ts';

/** Runs one command and answers the status that the process is to end with. */
export async function run(surroundings: Surroundings): Promise<number> {
  let status: number = EXIT.ok;
  const program = createProgram(surroundings, (ended) => {
    status = ended;
  });
  try {
    const argv = surroundings.argv.length === 0 ? ['serve'] : surroundings.argv;
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    // Commander has printed what was wrong with the arguments already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { reportFailure } = await import('./report-failure.ts');
    return reportFailure(error, surroundings);
  }
  return status;
}
