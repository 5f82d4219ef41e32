import type { Asker } from '../core/asker.ts';
import type { Principal } from '../core/principal.ts';
import type { Logger } from '../core/telemetry.ts';
import type { ToolCall } from '../core/tool.ts';
import type { TraceContext } from '../core/trace-context.ts';

export type LogLevel = Parameters<ToolCall['log']>[0];

/** Where a call came from, and how it is told of what happens meanwhile. */
export interface CallOrigin {
  readonly principal: Principal;
  /** Of the request, for matching an `INTERNAL` error with the log. */
  readonly requestId: string;
  readonly logger: Logger;
  readonly trace?: TraceContext | undefined;
  readonly onProgress?: (done: number, total?: number, message?: string) => void;
  readonly onLog?: (level: LogLevel, data: unknown) => void;
  readonly asker: Asker;
  /** Registers what is to happen when the caller goes away or cancels; answers how to take it back. */
  onCancel(listener: () => void): () => void;
}
