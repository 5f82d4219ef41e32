import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  Client,
  ClientCredentialsProvider,
  DpopSession,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FairleadProcess, startFairlead } from '../fixtures/fairlead-process.ts';
import { declareService } from '../fixtures/service-client.ts';

let folder: string;
let fairlead: FairleadProcess;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-dpop-'));
  fairlead = await startFairlead({
    FAIRLEAD_CONFIG: await declareService(folder),
    FAIRLEAD_AUTH_DPOP: 'required',
  });
});
afterAll(async () => {
  await fairlead.stop();
  await rm(folder, { recursive: true, force: true });
});

function service(): ClientCredentialsProvider {
  return new ClientCredentialsProvider({
    clientId: 'test-service',
    clientSecret: 'a-secret-of-the-tests-and-of-nothing-else',
    scope: 'files:read',
    expectedIssuer: fairlead.origin,
  });
}

async function listedTools(authProvider: ClientCredentialsProvider): Promise<string[]> {
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(fairlead.mcpUrl, { authProvider }));
  const { tools } = await client.listTools();
  await client.close();
  return tools.map(({ name }) => name);
}

it('a client of the SDK that has a key is served where tokens must be bound to one', async () => {
  const session = await DpopSession.create();
  const provider = Object.assign(service(), { dpop: () => session });
  expect(await listedTools(provider)).toContain('read_file');
  expect(provider.tokens()).toMatchObject({ token_type: 'DPoP' });
});

it('a client of the SDK that has none is not', async () => {
  await expect(listedTools(service())).rejects.toThrow();
});
