import { denyArguments, globArguments, refuseGlob, simplified } from '../globs.ts';
import { groundOf, type Ground } from '../ground.ts';
import { NameSplitter } from '../name-splitter.ts';
import { failed, type Ripgrep } from '../ripgrep.ts';
import type { Entry, Sandbox } from '../workspace/sandbox.ts';

export interface FindQuestion {
  /** As ripgrep reads it: without a slash it matches names at any depth. */
  readonly glob?: string;
  /** Of the glob. */
  readonly ignoreCase?: boolean;
  /** Whatever the ignore files say. */
  readonly includeIgnored: boolean;
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
}

/**
 * Finds regular files below a directory, with ripgrep's reading of `.gitignore`, `.ignore` and
 * `.rgignore`. Ignore files and globs come from strangers; ripgrep matches them in linear time.
 */
export class FileFinder {
  readonly #ripgrep: Ripgrep;
  readonly #sandbox: Sandbox;

  constructor(ripgrep: Ripgrep, sandbox: Sandbox) {
    this.#ripgrep = ripgrep;
    this.#sandbox = sandbox;
  }

  /**
   * Tells each path, relative to the directory, in no particular order; answering false ends it. Denied
   * files are left out. Paths are candidates: who shows one looks at it through the sandbox.
   *
   * @throws AppError `INVALID_ARGUMENT` for a malformed glob
   */
  async each(directory: Entry, question: FindQuestion, tell: (relative: string) => boolean): Promise<void> {
    const ground = await groundOf(this.#sandbox, directory, question.includeIgnored);
    const names = new NameSplitter((name) => {
      const relative = ground.relative(name);
      return this.#sandbox.hidesFound(directory, relative) || tell(relative);
    });
    try {
      if (ground.isEmpty) return;
      const end = await this.#ripgrep.run({
        cwd: ground.cwd,
        args: [
          '--files',
          '--null',
          ...wantedArguments(question, ground),
          ...denyArguments(this.#sandbox.hiddenGlobs(directory)),
          ...(question.includeIgnored ? ['--no-ignore'] : []),
          ...ground.args,
        ],
        descriptors: ground.descriptors,
        signal: question.signal,
        ...(question.patienceMs === undefined ? {} : { patienceMs: question.patienceMs }),
        onOutput: (chunk) => names.push(chunk),
      });
      if (end.complaint === undefined) return;
      refuseGlob(end.complaint);
      throw failed(end.complaint);
    } finally {
      await ground.close();
    }
  }
}

function wantedArguments({ glob, ignoreCase }: FindQuestion, ground: Ground): string[] {
  if (glob === undefined) return [];
  const wanted = ground.glob(simplified(glob));
  return ignoreCase === true ? [`--iglob=${wanted}`] : globArguments([wanted]);
}
