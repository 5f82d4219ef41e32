import { hash } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import type { Scope } from '../core/scopes.ts';
import { PROOF_ALGORITHMS } from './dpop/algorithms.ts';
import type { DpopOption } from './options/dpop.ts';
import { streamAddress } from './resource-addresses.ts';

interface ResourceMetadataOptions {
  /** The public URL of the MCP endpoint, exactly as clients use it. */
  readonly resource: URL;
  /** Who issues tokens for the resource. */
  readonly issuers: readonly string[];
  /** What a client needs to begin with; more is asked for when a call needs it. */
  readonly scopes: readonly Scope[];
  readonly dpop: DpopOption;
  /** For people. */
  readonly name: string;
  /** A page that tells developers how to connect. */
  readonly documentation: URL;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const CACHE_SECONDS = 300;

/** Where the metadata of a resource is found (RFC 9728 §3.1): the well-known path goes before the resource's own. */
export function resourceMetadataUrl(resource: URL): URL {
  return new URL(WELL_KNOWN + resource.pathname, resource.origin);
}

/**
 * Serves the protected resource metadata (RFC 9728), also at the well-known path alone, where clients
 * look that were given no address; and for the address of the older transport, which is the same resource,
 * under its own name.
 */
export function createResourceMetadata(options: ResourceMetadataOptions): RequestHandler {
  const { resource } = options;
  const streams = streamAddress(resource);
  const router = Router({ caseSensitive: true, strict: true });
  router.get([WELL_KNOWN, resourceMetadataUrl(resource).pathname], documentHandler(resource, options));
  router.get(resourceMetadataUrl(streams).pathname, documentHandler(streams, options));
  return router;
}

function documentHandler(resource: URL, options: ResourceMetadataOptions): RequestHandler {
  const document = Buffer.from(
    JSON.stringify({
      resource: resource.href,
      authorization_servers: options.issuers,
      scopes_supported: options.scopes,
      bearer_methods_supported: ['header'],
      ...(options.dpop === 'off' ? {} : { dpop_signing_alg_values_supported: PROOF_ALGORITHMS }),
      ...(options.dpop === 'required' ? { dpop_bound_access_tokens_required: true } : {}),
      resource_name: options.name,
      resource_documentation: options.documentation.href,
    }),
  );
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': `public, max-age=${String(CACHE_SECONDS)}`,
    ETag: `"${hash('sha256', document, 'base64url')}"`,
  };
  return function resourceMetadata(_request, response) {
    response.set(headers).send(document);
  };
}
