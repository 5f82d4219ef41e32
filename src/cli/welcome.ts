/** What somebody who starts the server at a terminal is told: where it is and how to connect, within 80 columns. */
export function welcome(about: {
  readonly version: string;
  readonly mcpUrl: URL;
  readonly workspace: string;
  /** The one-time link that creates the owner account, while there is none. */
  readonly setupUrl: URL | undefined;
}): string {
  const url = about.mcpUrl.href;
  const entry = JSON.stringify({ name: 'fairlead', type: 'http', url });
  return `
  Fairlead ${about.version}

  MCP endpoint   ${url}
  Workspace      ${about.workspace}
${about.setupUrl === undefined ? '' : setUp(about.setupUrl)}
  Connect a client:

    Claude Code
      claude mcp add --transport http fairlead ${url}

    VS Code
      code --add-mcp \\
        '${entry}'

    Cursor, in ~/.cursor/mcp.json
      { "mcpServers": { "fairlead": { "url": "${url}" } } }

    Inspector
      npx @modelcontextprotocol/inspector --transport http \\
        --server-url ${url}

  Stop with Ctrl+C.

`;
}

function setUp(link: URL): string {
  return `
  There is no account yet. Create the owner's with this link; it works once,
  for an hour:

  ${link.href}
`;
}
