import type { Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { AppError } from '../../../core/errors.ts';
import { WORKSPACE } from '../../../core/permit.ts';

export type Access = 'read' | 'write';

/** One folder of the machine that is served, and where it appears. */
export interface Root {
  /** Virtual path under which it appears: `/` or `/<name>`. */
  readonly mount: string;
  /** What the operator's policy calls it. */
  readonly name: string;
  readonly kind: 'workspace' | 'scratch';
  /** Whether tools may write there. */
  readonly access: Access;
  /** For the agent, in the operator's words. */
  readonly description: string | undefined;
  /** @throws AppError `SOURCE_UNAVAILABLE` while the folder cannot be reached */
  location(): Promise<string>;
  /**
   * Looks again where the folder is. Deployments that switch a link from one checkout to the next move
   * it while the server runs. Answers whether it has moved.
   */
  hasMoved(): Promise<boolean>;
  /** Whether a file of it counts as gone. */
  isExpired(stats: Stats): boolean;
}

export interface WorkspaceSettings {
  readonly name?: string;
  readonly access?: Access;
  readonly description?: string | undefined;
}

/** A folder that the operator serves. Its location never leaves this folder's code. */
export class WorkspaceRoot implements Root {
  readonly kind = 'workspace';
  readonly mount: string;
  readonly name: string;
  readonly access: Access;
  readonly description: string | undefined;
  readonly #directory: string;
  #real: string | undefined;

  constructor(mount: string, directory: string, settings: WorkspaceSettings = {}) {
    this.mount = mount;
    this.name = settings.name ?? (mount === '/' ? WORKSPACE : mount.slice(1));
    this.access = settings.access ?? 'write';
    this.description = settings.description;
    this.#directory = directory;
  }

  async location(): Promise<string> {
    return (this.#real ??= await this.#resolve());
  }

  async hasMoved(): Promise<boolean> {
    const before = this.#real;
    this.#real = undefined;
    this.#real = await this.#resolve();
    return this.#real !== before;
  }

  isExpired(): boolean {
    return false;
  }

  async #resolve(): Promise<string> {
    try {
      return await realpath(this.#directory);
    } catch (cause) {
      const which = this.mount === '/' ? '' : ` ${JSON.stringify(this.name)}`;
      throw new AppError('SOURCE_UNAVAILABLE', `The workspace${which} cannot be reached now.`, {
        cause,
        next: 'try again later, or ask the operator whether the workspace folder exists and can be read',
      });
    }
  }
}
