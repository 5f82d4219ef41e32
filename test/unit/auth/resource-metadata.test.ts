import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createResourceMetadata, resourceMetadataUrl } from '../../../src/auth/resource-metadata.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const app = express().use(
  createResourceMetadata({
    resource: new URL('https://fairlead.example/mcp'),
    issuers: ['https://fairlead.example'],
    scopes: ['files:read'],
    dpop: 'optional',
    name: 'Fairlead',
    documentation: new URL('https://fairlead.example/'),
  }),
);

it.each([WELL_KNOWN, `${WELL_KNOWN}/mcp`])('%s describes the endpoint', async (path) => {
  const response = await request(app).get(path).expect(200);
  expect(response.type).toBe('application/json');
  expect(response.body).toEqual({
    resource: 'https://fairlead.example/mcp',
    authorization_servers: ['https://fairlead.example'],
    scopes_supported: ['files:read'],
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA'],
    resource_name: 'Fairlead',
    resource_documentation: 'https://fairlead.example/',
  });
});

it(`${WELL_KNOWN}/sse describes the same under its other address`, async () => {
  const endpoint = await request(app).get(`${WELL_KNOWN}/mcp`);
  const other = await request(app).get(`${WELL_KNOWN}/sse`).expect(200);
  expect(other.body).toEqual({
    ...(endpoint.body as object),
    resource: 'https://fairlead.example/sse',
  });
});

it('is sent again only when it has changed', async () => {
  const first = await request(app).get(WELL_KNOWN);
  expect(first.headers['cache-control']).toBe('public, max-age=300');
  await request(app)
    .get(WELL_KNOWN)
    .set('If-None-Match', first.headers['etag'] ?? '')
    .expect(304);
});

it.each([`${WELL_KNOWN}/other`, `${WELL_KNOWN}/mcp/`, '/.well-known/OAuth-Protected-Resource'])(
  '%s is not there',
  async (path) => {
    await request(app).get(path).expect(404);
  },
);

it('is found where the well-known path goes before the resource’s own', () => {
  expect(resourceMetadataUrl(new URL('https://fairlead.example/mcp')).href).toBe(
    `https://fairlead.example${WELL_KNOWN}/mcp`,
  );
});
