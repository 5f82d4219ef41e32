import type { Principal } from '../core/principal.ts';
import type { Logger } from '../core/telemetry.ts';

export interface RevocationWatchContext {
  readonly everyMs: number;
  /** For whom something is open or runs; the same one may come more than once. */
  readonly holders: () => Iterable<Principal>;
  /** Whether what the principal may do was taken away, as the store has it. */
  readonly isRevoked: (principal: Principal) => Promise<boolean>;
  /** Ends what an authority holds. */
  readonly end: (authority: string) => void;
  readonly logger: Logger;
}

/** Asks from time to time who was cut off: the message that says so at once can be lost. */
export class RevocationWatch {
  readonly #context: RevocationWatchContext;
  readonly #timer: NodeJS.Timeout;

  constructor(context: RevocationWatchContext) {
    this.#context = context;
    this.#timer = setInterval(() => {
      this.#look();
    }, context.everyMs).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { holders, logger } = this.#context;
    const known = new Map([...holders()].map((principal) => [principal.authority, principal]));
    for (const principal of known.values()) {
      this.#endIfRevoked(principal).catch((error: unknown) => {
        logger.debug({ err: error }, 'whether somebody was cut off could not be asked');
      });
    }
  }

  async #endIfRevoked(principal: Principal): Promise<void> {
    const { authority } = principal;
    if (await this.#context.isRevoked(principal)) this.#context.end(authority);
  }
}
