import type { ServerProcess } from './server-process.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

export interface ToolClient {
  /** The result's text. Rejects when the call failed. */
  call(name: string, args: object, signal?: AbortSignal): Promise<string>;
  listTools(): Promise<readonly object[]>;
}

/** A client of revision 2026-07-28. */
export function clientOf(server: ServerProcess): ToolClient {
  const send = async (method: string, params: object, more: { name?: string; signal?: AbortSignal }) => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
        ...(more.name === undefined ? {} : { 'mcp-name': more.name }),
        ...server.headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: META } }),
      ...(more.signal === undefined ? {} : { signal: more.signal }),
    });
    const body = await response.text();
    const json = body.startsWith('{') ? body : (/^data: (\{.*"result".*)$/m.exec(body)?.[1] ?? '');
    if (!response.ok || json === '') throw new Error(`${method} was answered ${response.status}: ${body}`);
    return (JSON.parse(json) as { result: Record<string, unknown> }).result;
  };
  return {
    call: async (name, args, signal) => {
      const params = { name, arguments: args };
      const result = await send('tools/call', params, { name, ...(signal === undefined ? {} : { signal }) });
      const text = (result['content'] as { text?: string }[]).map((block) => block.text ?? '').join('\n');
      if (result['isError'] === true) throw new Error(`${name}: ${text}`);
      return text;
    },
    listTools: async () => (await send('tools/list', {}, {}))['tools'] as object[],
  };
}
