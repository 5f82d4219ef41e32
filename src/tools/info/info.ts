import * as z from 'zod';
import { ByHolder } from '../../core/by-holder.ts';
import { text } from '../../core/content.ts';
import type { HealthCheck } from '../../core/health.ts';
import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import type { Logger } from '../../core/telemetry.ts';
import { defineTool, type Tool, type ToolResult } from '../../core/tool.ts';
import { type Native, type Status, StatusBoard } from './status.ts';

export interface InfoContext {
  readonly version: string;
  readonly readOnly: boolean;
  /** The other tools that are offered. */
  readonly tools: readonly Tool[];
  /** What can be read or queried, by names that hold no place of the machine. */
  readonly sources: readonly InfoSource[];
  /** Bounds that a caller meets, by name with the unit: `search_seconds`. */
  readonly limits: Readonly<Record<string, number>>;
  readonly checks: readonly HealthCheck[];
  natives(): Promise<readonly Native[]>;
  readonly logger: Logger;
}

interface InfoSource {
  readonly name: string;
  readonly kind: string;
  /** How tools and resources name it. */
  readonly path: string;
  readonly uri: string;
  /** Of the check that tells how it fares. */
  readonly check: string;
}

const DESCRIPTION = `Tells about this server and about you: its version, the tools you may call and the scopes you hold, what sources there are and whether they can be reached, the limits that apply, and problems the operator should know of. Take it when a call fails for want of a permission or a source, or to see limits before large work. It changes nothing and costs next to nothing. section chooses how much: summary (default), tools (every tool with the scopes it needs), sources (each with its state), config (limits, components and the state of each part of the server).`;

const SECTIONS = ['summary', 'tools', 'sources', 'config'] as const;
type Section = (typeof SECTIONS)[number];

const input = z.object({
  section: z.enum(SECTIONS).default('summary').describe('What to tell about.'),
});

const state = z.enum(['ok', 'degraded', 'failed']);
const output = z.object({
  name: z.string().describe('Of the server.'),
  version: z.string().describe('Of the server.'),
  section: z.enum(SECTIONS).describe('What this tells about.'),
  read_only: z.boolean().describe('Whether tools that change anything are left out.'),
  scopes: z.array(z.string()).describe('What your token grants.'),
  problems: z.array(z.string()).describe('What does not work as it should.'),
  available_tools: z.array(z.string()).optional().describe('Names of the tools that you may call.'),
  tools: z
    .array(
      z.object({
        name: z.string(),
        title: z.string(),
        effect: z.enum(['read', 'write', 'destroy']),
        scopes: z.array(z.string()),
        available: z.boolean(),
      }),
    )
    .optional()
    .describe('Every tool; available: you hold the scopes.'),
  sources: z
    .array(z.object({ name: z.string(), kind: z.string(), path: z.string(), uri: z.string(), state }))
    .optional()
    .describe('What can be read.'),
  limits: z.record(z.string(), z.number()).optional().describe('Bounds, named with their units.'),
  components: z.record(z.string(), z.string()).optional().describe('Versions of what the tools run on.'),
  parts: z
    .array(z.object({ name: z.string(), state, detail: z.string().optional() }))
    .optional()
    .describe('State of each part of the server.'),
});

/** The tool `info`. What it tells is put together once for each permit and set of scopes, until something changes. */
export function infoTool(context: InfoContext): Tool {
  const board = new StatusBoard(context);
  let told: { readonly status: Status; readonly results: ByHolder<Map<Section, ToolResult>> } | undefined;
  const self = defineTool({
    name: 'info',
    title: 'About this server',
    description: DESCRIPTION,
    scopes: [],
    effect: 'read',
    input,
    output,
    timeoutMs: 10_000,
    async run({ principal }, { section }) {
      const status = await board.read();
      if (told?.status !== status) told = { status, results: new ByHolder() };
      const results = told.results.get(principal, () => new Map<Section, ToolResult>());
      let result = results.get(section);
      if (result === undefined) {
        result = resultOf(tell(seenBy(principal.permit, self, context), section, principal, status));
        results.set(section, result);
      }
      return result;
    },
  });
  return self;
}

function resultOf(structuredContent: z.output<typeof output>): ToolResult {
  return {
    content: [text(JSON.stringify(structuredContent))],
    structuredContent: structuredContent,
  };
}

/** What the policy forbids is not told of. */
function seenBy(permit: Permit, self: Tool, context: InfoContext): InfoContext {
  return {
    ...context,
    tools: [self, ...context.tools].filter((tool) => permit.allowsTool(tool)),
    sources: context.sources.filter(({ name }) => permit.allowsWorkspace(name)),
  };
}

function tell(
  context: InfoContext,
  section: Section,
  { scopes }: Principal,
  status: Status,
): z.output<typeof output> {
  const common = {
    name: 'fairlead',
    version: context.version,
    section,
    read_only: context.readOnly,
    scopes: [...scopes.granted],
    problems: [...status.problems],
  };
  const available = context.tools.filter((tool) => scopes.hasAll(tool.scopes)).map(({ name }) => name);
  switch (section) {
    case 'summary':
      return {
        ...common,
        available_tools: available,
        sources: sourcesOf(context, status),
        limits: context.limits,
      };
    case 'tools':
      return {
        ...common,
        tools: context.tools.map(({ name, title, effect, scopes: needed }) => {
          return { name, title, effect, scopes: [...needed], available: available.includes(name) };
        }),
      };
    case 'sources':
      return { ...common, sources: sourcesOf(context, status) };
    case 'config':
      return {
        ...common,
        limits: context.limits,
        components: Object.fromEntries(
          status.natives.map(({ name, version }) => [name, version ?? 'missing']),
        ),
        parts: status.parts.map(({ name, status: partState, detail }) => {
          return detail === undefined ? { name, state: partState } : { name, state: partState, detail };
        }),
      };
  }
}

function sourcesOf(
  { sources }: InfoContext,
  { parts }: Status,
): NonNullable<z.output<typeof output>['sources']> {
  return sources.map(({ name, kind, path, uri, check }) => {
    const found = parts.find((part) => part.name === check);
    return { name, kind, path, uri, state: found?.status ?? 'ok' };
  });
}
