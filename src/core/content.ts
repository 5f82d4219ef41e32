import type { JsonObject } from './json.ts';

/** The content blocks of the protocol (MCP 2026-07-28, server/tools: "Tool Result"), as far as tools produce them. */
export interface TextContent {
  readonly type: 'text';
  readonly text: string;
}

export interface ImageContent {
  readonly type: 'image';
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

export interface AudioContent {
  readonly type: 'audio';
  /** Base64. */
  readonly data: string;
  readonly mimeType: string;
}

export interface ResourceLink {
  readonly type: 'resource_link';
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly mimeType?: string;
  /** Bytes. */
  readonly size?: number;
}

/** What a resource holds: text, or base64 in `blob`. */
export type ResourceContents = ContentsOrigin & ({ readonly text: string } | { readonly blob: string });

interface ContentsOrigin {
  readonly uri: string;
  readonly mimeType?: string;
  /** For clients: which part it is, where to go on. */
  readonly _meta?: JsonObject;
}

export interface EmbeddedResource {
  readonly type: 'resource';
  readonly resource: ResourceContents;
}

export type Content = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource;

export function text(value: string): TextContent {
  return { type: 'text', text: value };
}
