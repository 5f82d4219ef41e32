import type { Logger } from '../../core/telemetry.ts';
import type { Hub } from '../hub.ts';
import type { DetailedTask } from './task-record.ts';

/** Kind of the hints that a task has another status; the key is its id. */
export const STATUS = 'task-status';

export interface FollowedTaskParts {
  readonly hub: Hub;
  readonly logger: Logger;
  /** The task as it is now. */
  readonly look: () => Promise<DetailedTask>;
  readonly tell: (task: DetailedTask) => void;
}

// Hints may be lost, and a process that dies gives none.
const LOOK_EVERY_MS = 5000;

/**
 * Tells how a task stands, and again whenever its status changes, until it is over (SEP-2663, "Task Status
 * Notifications").
 */
export class FollowedTask {
  readonly #parts: FollowedTaskParts;
  readonly #release: () => void;
  readonly #timer: NodeJS.Timeout;
  #told: string | undefined;
  #isLooking = false;
  #isStale = false;
  #isStopped = false;

  constructor(id: string, parts: FollowedTaskParts) {
    this.#parts = parts;
    this.#release = parts.hub.on(STATUS, id, () => {
      this.#look();
    });
    this.#timer = setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS);
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#release();
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#isStale = true;
    if (!this.#isLooking) void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    this.#isLooking = true;
    while (this.#isStale && !this.#isStopped) {
      this.#isStale = false;
      try {
        this.#tell(await this.#parts.look());
      } catch (error) {
        this.#parts.logger.debug({ err: error }, 'a task that is followed could not be found');
      }
    }
    this.#isLooking = false;
  }

  #tell(task: DetailedTask): void {
    // The same questions, some of them answered, are another status to whoever shows them.
    const asked = task.status === 'input_required' ? Object.keys(task.inputRequests) : [];
    const status = JSON.stringify([task.status, asked]);
    if (this.#isStopped || status === this.#told) return;
    this.#told = status;
    this.#parts.tell(task);
    if (task.status !== 'working' && task.status !== 'input_required') this.stop();
  }
}
