import { html } from './html.ts';
import { layout } from './layout.ts';

interface LandingModel {
  readonly mcpUrl: string;
  /** Whether people sign in here. */
  readonly accounts: boolean;
}

/** What this server is and how to connect to it, for whoever opens its address in a browser. */
export function landingPage({ mcpUrl, accounts }: LandingModel): string {
  const entry = JSON.stringify({ name: 'fairlead', type: 'http', url: mcpUrl });
  const cursor = JSON.stringify({ mcpServers: { fairlead: { url: mcpUrl } } }, undefined, 2);
  const content = html`<h1>This is an MCP server</h1>
    <p>
      It gives AI agents governed access to a team's files, data and tools. An agent connects with the address
      below${accounts && ', and a person signs in and decides what it may do'}.
    </p>
    <pre>${mcpUrl}</pre>
    ${accounts && html`<p><a href="/account">See and end what applications may do in your name</a></p>`}
    <h2>Claude Code</h2>
    <pre>claude mcp add --transport http fairlead ${mcpUrl}</pre>
    <h2>VS Code</h2>
    <pre>code --add-mcp '${entry}'</pre>
    <h2>Cursor</h2>
    <p class="quiet small">In <code>~/.cursor/mcp.json</code>:</p>
    <pre>${cursor}</pre>
    <h2>MCP Inspector</h2>
    <pre>npx @modelcontextprotocol/inspector --transport http --server-url ${mcpUrl}</pre>`;
  return layout({ title: 'MCP server', content, wide: true });
}
