import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { contextOf } from '../../../core/request-context.ts';
import { displayName } from './client-display.ts';
import { hostIsAllowed } from './host-list.ts';
import type { ProviderContext } from '../provider-context.ts';

type Feature = NonNullable<NonNullable<Configuration['features']>['clientIdMetadataDocument']>;

/** Seconds for which a document is kept, whatever its cache headers say. */
const CACHE = { min: 300, max: 86_400 };

/** Clients that are known by the address of a document about them (draft-ietf-oauth-client-id-metadata-document-02). */
export function metadataDocumentFeature({ options, documents, connections }: ProviderContext): Feature {
  const { enabled, allowedHosts } = options.metadataDocuments;
  return {
    enabled,
    ack: 'draft-02',
    cacheDuration: CACHE,
    allowFetch: (request: KoaContextWithOIDC | undefined, clientId) => {
      if (!hostIsAllowed(new URL(clientId).hostname, allowedHosts)) throw hostRefused();
      // Pages look clients up outside of a request to the provider; each such look-up stands alone.
      return documents.mayFetch(clientId, {
        request: request ?? {},
        address: request && contextOf(request.req).address,
      });
    },
    allowClient: (request: KoaContextWithOIDC | undefined, client) => {
      // Consent to something without a name means nothing.
      const named = displayName(client.clientName, '') !== '';
      if (named) documents.provedGood(client.clientId);
      if (named && request !== undefined) {
        const { address } = contextOf(request.req);
        const details = { name: displayName(client.clientName, '') };
        connections.note({
          action: 'client-document.accepted',
          outcome: 'success',
          clientId: client.clientId,
          address,
          details,
        });
      }
      return named;
    },
  };
}

function hostRefused(): errors.OIDCProviderError {
  return new errors.UnauthorizedClient(
    'metadata documents of this host are not taken here (auth.metadataDocuments.allowedHosts)',
  );
}
