import type { Prompt } from '../core/prompt.ts';
import type { ResourceProvider } from '../core/resource.ts';
import type { Telemetry } from '../core/telemetry.ts';
import type { Tool } from '../core/tool.ts';
import type { Definitions } from './definitions.ts';
import { CallMeter } from './call-meter.ts';
import { ToolCaller } from './call-tool.ts';
import type { McpOptions } from './options.ts';
import { PromptCatalog } from './prompt-catalog.ts';
import type { RequestStates } from './request-state.ts';
import { ResourceCatalog } from './resource-catalog.ts';
import { RunningCalls } from './running-calls.ts';
import { Tasks, type TasksParts } from './tasks/tasks.ts';
import { ToolCatalog } from './tool-catalog.ts';

/** What there is to serve, whatever the transport. */
export interface Offer {
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  readonly telemetry: Telemetry;
  /** Of the product. */
  readonly version: string;
  /** Estimated tokens that one tool result may hold. */
  readonly outputTokens: number;
}

/** The one set of definitions that every transport and every revision serves. */
export function createDefinitions(
  options: McpOptions,
  offer: Offer,
  requestState: RequestStates,
  shared: Omit<TasksParts, 'caller'>,
): Definitions {
  const { listTtlMs, resourceTtlMs, askTimeoutMs, listPageSize } = options;
  const meter = new CallMeter(shared.store);
  const calls = new RunningCalls({ ...options, outputTokens: offer.outputTokens });
  const caller = new ToolCaller(offer.telemetry, meter, calls);
  return {
    identity: { name: 'fairlead', title: 'Fairlead', version: offer.version },
    tools: new ToolCatalog(offer.tools, listPageSize),
    resources: new ResourceCatalog(offer.resources, listPageSize),
    prompts: new PromptCatalog(offer.prompts, listPageSize),
    ...{ meter, calls, caller },
    tasks: new Tasks(options, { ...shared, caller }),
    requestState,
    listTtlMs,
    resourceTtlMs,
    askTimeoutMs,
  };
}
