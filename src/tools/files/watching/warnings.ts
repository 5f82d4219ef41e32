import type { Logger } from '../../../core/telemetry.ts';

/** What an operator should know of watching, each once: watches come and go with the interest of clients. */
export class Warnings {
  readonly #logger: Logger;
  readonly #told = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  exhausted(error: unknown): void {
    this.#once(
      { err: error },
      'the system gives no more file watches: changes of the list of resources are not told, those of followed files are looked for; raise fs.inotify.max_user_watches or lower tools.files.watch.maxDirectories',
    );
  }

  tooMany(maxDirectories: number): void {
    this.#once(
      { maxDirectories },
      'the workspace is too large for its list to be watched (tools.files.watch.maxDirectories): changes of the list of resources are not told, those of followed files are',
    );
  }

  failed(error: unknown): void {
    this.#once({ err: error }, 'the workspace cannot be looked at for changes; it will be tried again');
  }

  #once(fields: object, message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#logger.warn(fields, message);
  }
}
