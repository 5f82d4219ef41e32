import type { Asker } from '../core/asker.ts';
import type { Principal } from '../core/principal.ts';
import type { Logger } from '../core/telemetry.ts';
import type { TraceContext } from '../core/trace-context.ts';
import type { LogLevel } from './log-level.ts';

/** The other end of what one SDK server answers, as far as the definitions need to know it. */
export interface Peer {
  readonly principal: Principal;
  /** For matching an `INTERNAL` error with the log. */
  readonly requestId: string;
  /** Whether it sends its messages through one connection, so that each of them needs an id of its own. */
  readonly isConnection?: boolean;
  readonly logger: Logger;
  /** That the HTTP request names, or its one message. */
  readonly trace?: TraceContext | undefined;
  /** Notes the called tool for the access line. */
  readonly noteTool?: (name: string) => void;
  /** Knows the server already, and is told no more than who answers. */
  readonly isAcquainted?: boolean;
  /** How calls ask back, where that is not the SDK's to know. */
  readonly asker?: Asker;
  /** What clients of the 2025 revisions and before set for a whole session; absent where there is none. */
  readonly session?: PeerSession;
}

export interface PeerSession {
  /** The least severe level that the client wants to be sent. */
  readonly logLevel: LogLevel;
  setLogLevel(level: LogLevel): Promise<void>;
  /** @throws AppError when there are too many */
  subscribe(uri: string): Promise<void>;
  unsubscribe(uri: string): Promise<void>;
}
