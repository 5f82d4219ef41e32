import type { CreateFetch } from './fetch.ts';
import type { HealthCheck } from './health.ts';
import type { Permit } from './permit.ts';
import type { Prompt } from './prompt.ts';
import type { Processes } from './processes.ts';
import type { ResourceProvider } from './resource.ts';
import type { Scratch } from './scratch.ts';
import type { Store } from './store.ts';
import type { Logger, Telemetry } from './telemetry.ts';
import type { Tool } from './tool.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

/** Something that can be read, queried, called or run, by a name that holds no place of the machine. */
export interface Source {
  readonly name: string;
  /** `files`, `postgres`, `job`, `api`, … */
  readonly kind: string;
  /** How tools name it, where that is not by its name. */
  readonly path?: string;
  readonly uri?: string;
  /** For the agent, in the operator's words. */
  readonly description?: string;
  /** Of the check that tells how it fares. */
  readonly check?: string;
  /** Whether it exists to who holds the permit. */
  isAllowed(permit: Permit): boolean;
}

/** A part that tools run on. */
export interface Component {
  readonly name: string;
  /** Undefined where it is missing. */
  readonly version: string | undefined;
}

/** A family of tools with what they serve and rest on. */
export interface ToolFeature {
  readonly tools: readonly Tool[];
  readonly resources: readonly ResourceProvider[];
  readonly prompts: readonly Prompt[];
  /** One for each source that may be out of reach: it is `degraded` then, never `failed`. */
  readonly checks: readonly HealthCheck[];
  readonly sources: readonly Source[];
  /** Bounds that a caller meets, by name with the unit: `search_seconds`. */
  readonly limits: Readonly<Record<string, number>>;
  components(): Promise<readonly Component[]>;
  /** Ends what was begun under an authority that was revoked and outlives the call that began it. */
  revoked?(authority: string): void;
  /** Begins no such work any more, and lets what there is end within the limit. */
  finish?(limitMs: number): Promise<void>;
  /** Ends what still runs. */
  close(): Promise<void>;
}

/** What every family of tools is handed. */
export interface ToolFeatureContext {
  readonly logger: Logger;
  readonly audit: Telemetry['audit'];
  readonly store: Store;
  readonly processes: Processes;
  /** A folder of this deployment, for what is no record of the store. */
  readonly dataDir: string;
  /** Fetches from public addresses only. */
  readonly fetch: typeof globalThis.fetch;
  /** Makes a fetch of the same kind with other bounds, or for hosts that the operator has named. */
  readonly createFetch: CreateFetch;
  /** Of the product. */
  readonly version: string;
}

/** What the other families get of the one that serves files. */
export interface FileAccessContext extends ToolFeatureContext {
  readonly files: WorkspaceFiles;
  readonly scratch: Scratch;
}
