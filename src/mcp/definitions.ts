import type { CallMeter } from './call-meter.ts';
import type { ToolCaller } from './call-tool.ts';
import type { ServerIdentity } from './identity.ts';
import type { PromptCatalog } from './prompt-catalog.ts';
import type { RequestStates } from './request-state.ts';
import type { ResourceCatalog } from './resource-catalog.ts';
import type { RunningCalls } from './running-calls.ts';
import type { Tasks } from './tasks/tasks.ts';
import type { ToolCatalog } from './tool-catalog.ts';

/** What is served, whatever the transport and the revision. */
export interface Definitions {
  readonly identity: ServerIdentity;
  readonly tools: ToolCatalog;
  readonly resources: ResourceCatalog;
  readonly prompts: PromptCatalog;
  readonly meter: CallMeter;
  readonly calls: RunningCalls;
  readonly caller: ToolCaller;
  readonly tasks: Tasks;
  readonly requestState: RequestStates;
  /** How long clients may keep lists of what the server offers, and what resources there are and hold. */
  readonly listTtlMs: number;
  readonly resourceTtlMs: number;
  /** How long a person may think about a question to a client before revision 2026-07-28, in milliseconds. */
  readonly askTimeoutMs: number;
}
