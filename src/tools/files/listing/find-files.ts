import { denyArguments, globArguments, refuseGlob } from '../globs.ts';
import { groundOf } from '../ground.ts';
import { NameSplitter } from '../name-splitter.ts';
import type { Ripgrep } from '../ripgrep.ts';
import type { Entry, Sandbox } from '../workspace/sandbox.ts';
import { joinPath } from '../workspace/virtual-path.ts';

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
    const { deny } = this.#sandbox;
    const ground = await groundOf(this.#sandbox, directory, question.includeIgnored);
    const names = new NameSplitter((name) => {
      const relative = ground.relative(name);
      return deny.hidesBeyondGlobs(joinPath(directory.realPath, relative)) || tell(relative);
    });
    try {
      const end = await this.#ripgrep.run({
        cwd: ground.cwd,
        args: [
          '--files',
          '--null',
          ...globArguments(question.glob === undefined ? [] : [ground.glob(question.glob)]),
          ...denyArguments(deny.globs),
          ...(question.ignoreCase === true ? ['--glob-case-insensitive'] : []),
          ...(question.includeIgnored ? ['--no-ignore'] : []),
          ...ground.args,
        ],
        descriptors: ground.descriptors,
        signal: question.signal,
        ...(question.patienceMs === undefined ? {} : { patienceMs: question.patienceMs }),
        onOutput: (chunk) => names.push(chunk),
      });
      if (end.how === 'finished' && end.exitCode === 2) refuseGlob(end.complaint);
    } finally {
      await ground.close();
    }
  }
}
