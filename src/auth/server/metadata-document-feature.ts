import type { Configuration } from 'oidc-provider';
import { displayName } from './client-display.ts';
import type { ProviderContext } from './provider-context.ts';

type Feature = NonNullable<NonNullable<Configuration['features']>['clientIdMetadataDocument']>;

/** Seconds for which a document is kept, whatever its cache headers say. */
const CACHE = { min: 300, max: 86_400 };

/** Clients that are known by the address of a document about them (draft-ietf-oauth-client-id-metadata-document-02). */
export function metadataDocumentFeature({ options, documents }: ProviderContext): Feature {
  return {
    enabled: options.metadataDocuments.enabled,
    ack: 'draft-02',
    cacheDuration: CACHE,
    // Pages look clients up outside of a request to the provider; each such look-up stands alone.
    allowFetch: (request: object | undefined, clientId) => documents.mayFetch(clientId, request ?? {}),
    allowClient: (_request, client) => {
      // Consent to something without a name means nothing.
      const named = displayName(client.clientName, '') !== '';
      if (named) documents.provedGood(client.clientId);
      return named;
    },
  };
}
