import { expect, it } from 'vitest';
import { welcome } from '../../../src/cli/welcome.ts';

const mcpUrl = new URL('http://127.0.0.1:3000/mcp');
const setupUrl = new URL(`http://127.0.0.1:3000/setup?token=${'x'.repeat(43)}`);
const about = { version: '1.2.3', mcpUrl, workspace: 'examples/workspace' };

it('tells how to connect each client and how to create the owner, within 80 columns', () => {
  const text = welcome({ ...about, setupUrl });
  expect(text).toContain('claude mcp add --transport http fairlead http://127.0.0.1:3000/mcp');
  expect(text).toContain('code --add-mcp');
  expect(text).toContain(`'{"name":"fairlead","type":"http","url":"http://127.0.0.1:3000/mcp"}'`);
  expect(text).toContain('{ "mcpServers": { "fairlead": { "url": "http://127.0.0.1:3000/mcp" } } }');
  expect(text).toContain('npx @modelcontextprotocol/inspector');
  expect(text).toContain(setupUrl.href);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

it('says nothing of an owner once there is an account', () => {
  expect(welcome({ ...about, setupUrl: undefined })).not.toContain('owner');
});
