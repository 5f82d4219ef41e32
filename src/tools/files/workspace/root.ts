import { realpath } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { WORKSPACE } from '../../../core/permit.ts';

/** One folder of the machine that is served, and where it appears. Its location never leaves this folder's code. */
export class WorkspaceRoot {
  /** Virtual path under which it appears. */
  readonly mount: string;
  readonly #directory: string;
  #real: string | undefined;

  constructor(mount: string, directory: string) {
    this.mount = mount;
    this.#directory = directory;
  }

  /** What the operator's policy calls it. */
  get name(): string {
    return this.mount === '/' ? WORKSPACE : this.mount.slice(1);
  }

  /** @throws AppError `SOURCE_UNAVAILABLE` while the folder cannot be reached */
  async location(): Promise<string> {
    return (this.#real ??= await this.#resolve());
  }

  /**
   * Looks again where the folder is. Deployments that switch a link from one checkout to the next move
   * it while the server runs. Answers whether it has moved.
   */
  async hasMoved(): Promise<boolean> {
    const before = this.#real;
    this.#real = undefined;
    this.#real = await this.#resolve();
    return this.#real !== before;
  }

  async #resolve(): Promise<string> {
    try {
      return await realpath(this.#directory);
    } catch (cause) {
      throw new AppError('SOURCE_UNAVAILABLE', 'The workspace cannot be reached now.', {
        cause,
        next: 'try again later, or ask the operator whether the workspace folder exists and can be read',
      });
    }
  }
}
