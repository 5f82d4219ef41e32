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
import type { CallSurroundings } from './running-call.ts';
import { RunningCalls } from './running-calls.ts';
import { Spill } from './spill.ts';
import { Tasks, type TasksParts } from './tasks/tasks.ts';
import { ToolCatalog } from './tool-catalog.ts';

/** What there is to serve, whatever the transport. */
export interface Offer extends CallSurroundings {
  readonly tools: readonly Tool[];
  /** Those of them that need not be listed where there are many. */
  readonly tail: readonly Tool[];
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
  const { listTtlMs, resourceTtlMs, askTimeoutMs, listPageSize, maxListedTools: maxListed } = options;
  const meter = new CallMeter(shared.store);
  const { outputTokens, fetch, scratch } = offer;
  const surroundings = { outputTokens, fetch, scratch };
  const calls = new RunningCalls({ ...options, ...surroundings });
  const tools = new ToolCatalog(offer.tools, { pageSize: listPageSize, maxListed, tail: offer.tail });
  const spill = new Spill((name) => tools.find(name));
  const caller = new ToolCaller({ telemetry: offer.telemetry, meter, calls, spill });
  return {
    identity: { name: 'fairlead', title: 'Fairlead', version: offer.version },
    tools,
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
