import type { Clock } from '../../../core/clock.ts';
import type { Admit } from '../../../core/principal.ts';
import type { Logger } from '../../../core/telemetry.ts';
import type { ExternalIssuerOptions, ExternalOptions } from '../../options/external.ts';
import type { VerifiedToken } from '../verified-tokens.ts';
import type { IssuerFetch } from './issuer-fetch.ts';

/** Who issues tokens, and how they are judged. */
export interface TokenIssuer {
  readonly issuer: string;
  /** Whether it can be shown a token that does not say who issued it. */
  readonly takesOpaque: boolean;
  /**
   * @param tokenHash SHA-256 of the token.
   * @throws AppError `INVALID_TOKEN`, a fault of `jose`, or any error when the token cannot be judged
   */
  verify(token: string, tokenHash: string): Promise<VerifiedToken>;
  /** Prepares in the background what it will need. */
  prepare(): void;
  /** Why tokens cannot be judged at the moment; undefined when they can. */
  readonly failure: Error | undefined;
}

export interface TokenIssuerContext {
  readonly external: Omit<ExternalOptions, 'issuers'>;
  readonly options: ExternalIssuerOptions;
  /** Values of `aud` of which a token needs one. */
  readonly audience: readonly string[];
  readonly fetch: IssuerFetch;
  readonly admit: Admit;
  readonly clock: Clock;
  readonly logger: Logger;
}
