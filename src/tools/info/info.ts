import * as z from 'zod';
import { ByHolder } from '../../core/by-holder.ts';
import { text } from '../../core/content.ts';
import { CALL_TOOL, SEARCH_TOOLS } from '../../core/discovery.ts';
import type { HealthCheck } from '../../core/health.ts';
import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import type { Logger } from '../../core/telemetry.ts';
import { defineTool, type Tool, type ToolResult } from '../../core/tool.ts';
import type { Component, Source } from '../../core/tool-feature.ts';
import { type Status, StatusBoard } from './status.ts';

export interface InfoContext {
  readonly version: string;
  readonly readOnly: boolean;
  /** The other tools that are offered. */
  readonly tools: readonly Tool[];
  /** Those that are left out of the list of who may use more than these. */
  readonly tail: readonly Tool[];
  readonly maxListed: number;
  /** What can be read or queried, by names that hold no place of the machine. */
  readonly sources: readonly Source[];
  /** Bounds that a caller meets, by name with the unit: `search_seconds`. */
  readonly limits: Readonly<Record<string, number>>;
  readonly checks: readonly HealthCheck[];
  natives(): Promise<readonly Component[]>;
  readonly logger: Logger;
}

const DESCRIPTION = `Tells about this server and about you: version, the tools you may call, the scopes you hold, the sources there are and whether they can be reached, limits, and problems. Take it when a call fails for want of a permission or a source, or to see limits before large work. Sections: summary, tools (with the scopes each needs), sources (files, databases, APIs, jobs), config (limits, components, the state of each part).`;

const SECTIONS = ['summary', 'tools', 'sources', 'config'] as const;
type Section = (typeof SECTIONS)[number];

const input = z.object({
  section: z.enum(SECTIONS).default('summary').describe('What to tell about.'),
});

// Fields of fields are told in words: spelled out, this schema would be a quarter of the list of all tools.
const entries = z.array(z.record(z.string(), z.unknown()));
const output = z.object({
  name: z.string().describe('Of the server.'),
  version: z.string().describe('Of the server.'),
  section: z.enum(SECTIONS).describe('As asked.'),
  read_only: z.boolean().describe('Whether what changes anything is left out.'),
  scopes: z.array(z.string()).describe('Those you hold.'),
  problems: z.array(z.string()).describe('What does not work.'),
  available_tools: z.array(z.string()).optional().describe('What you may call.'),
  tools: entries
    .optional()
    .describe('Each with name, title, effect, scopes, available, and via if not listed.'),
  sources: entries.optional().describe('Each with name, kind, state, and path, uri, description if any.'),
  limits: z.record(z.string(), z.number()).optional().describe('Names end with units.'),
  components: z.record(z.string(), z.string()).optional().describe('Versions.'),
  parts: entries.optional().describe('Each with name, state, and detail if any.'),
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
    sources: context.sources.filter((source) => source.isAllowed(permit)),
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
  const isLong = available.length > context.maxListed && context.tail.length > 0;
  switch (section) {
    case 'summary':
      return {
        ...common,
        available_tools: isLong ? [...available, SEARCH_TOOLS, CALL_TOOL] : available,
        sources: sourcesOf(context, status),
        limits: context.limits,
      };
    case 'tools':
      return {
        ...common,
        tools: context.tools.map((tool) => {
          const { name, title, effect, scopes: needed } = tool;
          const via = isLong && context.tail.includes(tool) ? { via: CALL_TOOL } : {};
          return { name, title, effect, scopes: [...needed], available: available.includes(name), ...via };
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
  return sources.map(({ name, kind, path, uri, description, check }) => {
    const found = parts.find((part) => part.name === check);
    return {
      ...{ name, kind },
      ...(path === undefined ? {} : { path }),
      ...(uri === undefined ? {} : { uri }),
      ...(description === undefined ? {} : { description }),
      state: found?.status ?? 'ok',
    };
  });
}
