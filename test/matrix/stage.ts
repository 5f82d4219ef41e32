import { expect, vi } from 'vitest';
import type { CalledTool } from '../fixtures/sdk-clients.ts';
import { type CuttingProxy, type Passage, startCuttingProxy } from '../fixtures/cutting-proxy.ts';
import { type McpEndpoint, mcpDefaults, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet, type Puppet, type PuppetCall } from '../fixtures/puppet.ts';
import { ABLE, type CallSetup, type ClientRow, type MatrixClient, MODERN, OLDEST } from './clients.ts';
import { askingTools, prompt, resources } from './tools.ts';

/** Whether a call is answered by one JSON document or by an event stream. */
export type Form = 'JSON' | 'SSE';

/** A client behind a network of its own. */
export interface Station {
  readonly client: MatrixClient;
  readonly proxy: CuttingProxy;
}

/** A server for one row of clients, so that none is told of what the others do. */
export interface Stage {
  readonly row: ClientRow;
  readonly endpoint: McpEndpoint;
  readonly puppet: Puppet;
  /** Can be asked for everything. */
  readonly able: Station;
  /** Has declared nothing. */
  readonly unable: Station;
  close(): Promise<void>;
}

export interface Cell {
  readonly stage: Stage;
  readonly form: Form;
  /** Names the cell's call. */
  readonly key: string;
}

/** Whether the client begins with `initialize`, and the server asks and tells of its own accord. */
export function hasSession({ revision }: ClientRow): boolean {
  return revision !== MODERN;
}

/** Whether everything that the server says comes over one stream, and requests are answered with 202 alone. */
export function hasOneStream({ revision }: ClientRow): boolean {
  return revision === OLDEST;
}

export async function openStage(row: ClientRow): Promise<Stage> {
  const puppet = createPuppet();
  // Nothing here becomes a stream because time has passed.
  const streams = { ...mcpDefaults().streams, afterMs: 600_000, retryMs: 10 };
  const endpoint = await startMcpEndpoint({
    tools: [puppet.tool, ...askingTools],
    resources: [resources],
    prompts: [prompt],
    options: { streams },
  });
  const able = await openStation(row, endpoint);
  const unable = await openStation(row, endpoint, {});
  const close = async (): Promise<void> => {
    for (const { client, proxy } of [able, unable]) {
      await client.close();
      await proxy.close();
    }
    await endpoint.close();
  };
  return { row, endpoint, puppet, able, unable, close };
}

export async function openStation(
  row: ClientRow,
  { url }: McpEndpoint,
  capabilities: object = ABLE,
): Promise<Station> {
  const proxy = await startCuttingProxy(new URL(url).origin);
  const client = row.create(capabilities);
  await client.connect(new URL(row.path, proxy.origin));
  const station = { client, proxy };
  if (hasSession(row)) await notificationsFlow(station);
  return station;
}

/** Resolves once the client has its stream of notifications, which it opens in its own time. */
export async function notificationsFlow({ proxy }: Station): Promise<void> {
  await vi.waitFor(() => {
    const open = proxy.passages.filter(({ method, isOpen }) => method === 'GET' && isOpen);
    expect(open.map(({ status }) => status)).toEqual([200]);
  }, WAIT);
}

const WAIT = { timeout: 10_000, interval: 5 };

/** Tries until the expectations hold. */
export function eventually(expectations: () => void): Promise<void> {
  return vi.waitFor(expectations, WAIT);
}

export interface Begun {
  readonly answering: Promise<CalledTool>;
  readonly work: PuppetCall;
}

/** Calls the tool that does what the test says, and waits until it runs. */
export async function begin({ stage, form, key }: Cell, options: CallSetup['options'] = {}): Promise<Begun> {
  const answering = stage.able.client.call('do_work', { key }, { options, isVerbose: form === 'SSE' });
  // Looked at later.
  answering.catch(() => undefined);
  return { answering, work: await stage.puppet.started(key) };
}

/** Tells something ahead of the answer where that is to be a stream, and sees it arrive. */
export async function takeForm({ stage, form, key }: Cell, { work }: Begun): Promise<void> {
  if (form === 'JSON') return;
  work.call.log('info', key);
  await eventually(() => {
    expect(logLines(stage.able.client)).toContain(key);
  });
}

export function logLines({ notices }: MatrixClient): unknown[] {
  return notices.flatMap(({ method, params }) =>
    method === 'notifications/message' ? params?.['data'] : [],
  );
}

/** The HTTP requests of the cell's call, in order: more than one where it took several rounds. */
export function passagesOf({ key }: Cell, { proxy }: Station): Passage[] {
  return proxy.passages.filter(({ sent }) => {
    const args = sent?.method === 'tools/call' ? sent.params?.['arguments'] : undefined;
    return (args as { key?: string } | undefined)?.key === key;
  });
}

/** The one HTTP request of the cell's call. */
export function passageOf(cell: Cell, station: Station): Passage {
  const [passage, ...others] = passagesOf(cell, station);
  if (passage === undefined || others.length > 0)
    throw new Error(`${others.length + 1} calls of ${cell.key}`);
  return passage;
}

/** The methods of what came over the passage: `response` for a response. */
export function methodsIn({ messages }: Passage): string[] {
  return messages.map(({ method }) => method ?? 'response');
}

/** The responses that came to the request of the passage, wherever they came. */
export function responsesTo({ sent }: Passage, { proxy }: Station): unknown[] {
  return proxy.passages
    .flatMap(({ messages }) => messages)
    .filter(({ id, method }) => id === sent?.id && method === undefined);
}

/**
 * The cell's call was answered once, in its form; `told` are the methods of what came ahead of the answer.
 * Where there is one stream for everything, a form is but whether anything came ahead.
 */
export function expectAnswer(cell: Cell, station: Station, told: readonly string[]): void {
  const passage = passageOf(cell, station);
  if (hasOneStream(cell.stage.row)) expectAcceptance(passage);
  else {
    expect(passage.status).toBe(200);
    expect(passage.isStream).toBe(told.length > 0);
    expect(methodsIn(passage)).toEqual([...told, 'response']);
  }
  expect(told.length > 0).toBe(cell.form === 'SSE');
  expect(responsesTo(passage, station)).toHaveLength(1);
}

/** The message was taken, and what it leads to comes elsewhere. */
export function expectAcceptance(passage: Passage): void {
  expect(passage.status).toBe(202);
  expect(passage.isStream).toBe(false);
  expect(passage.messages).toEqual([]);
}
