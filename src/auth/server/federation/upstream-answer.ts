import type * as OAuth from 'oauth4webapi';
import * as z from 'zod';
import { AppError } from '../../../core/errors.ts';
import { SignInRefusal } from './sign-in-refusal.ts';

const tokenAnswer = z.object({ refresh_token: z.string().min(1).optional() });
/** RFC 6749 §5.2. */
const errorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

interface SignedAnswer {
  readonly metadata: OAuth.AuthorizationServer;
  readonly options: OAuth.ValidateSignatureOptions;
  readonly response: Response;
}

/** Verifies the ID token of an answer whose claims were found good. */
export async function verifySignature(
  oauth: typeof OAuth,
  { metadata, response, options }: SignedAnswer,
): Promise<void> {
  try {
    await oauth.validateApplicationLevelSignature(metadata, response, options);
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError) || error.code !== oauth.KEY_SELECTION) throw error;
    // The library asks for keys once a minute at most, and remembers them by this object. The provider can have
    // taken a new key since: the answer came from itself, so that nobody else causes more requests.
    await oauth.validateApplicationLevelSignature({ ...metadata }, response, options);
  }
}

/** The refresh token of an answer, which may be wrong in everything else. */
export async function refreshTokenIn(response: Response): Promise<string | undefined> {
  if (response.status !== 200) return undefined;
  const content: unknown = await response.clone().json();
  return tokenAnswer.safeParse(content).data?.refresh_token;
}

/**
 * Tells an answer that says no from one that is not valid, and both from an outage.
 *
 * @throws SignInRefusal, AppError `UNAVAILABLE`
 */
export async function judged<T>(oauth: typeof OAuth, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (error instanceof oauth.AuthorizationResponseError) {
      const reason = error.error === 'access_denied' ? 'cancelled' : 'provider_error';
      throw new SignInRefusal(reason, told(error), error);
    }
    if (error instanceof oauth.ResponseBodyError) {
      throw new SignInRefusal('provider_error', told(error), error);
    }
    if (error instanceof oauth.WWWAuthenticateChallengeError) {
      throw new SignInRefusal('provider_error', await toldWithChallenge(error), error);
    }
    throw new SignInRefusal('invalid_answer', error instanceof Error ? error.message : undefined, error);
  }
}

/** Some answer a wrong secret so (RFC 6749 §5.2), and say in the body what is wrong. */
async function toldWithChallenge({ response, status }: OAuth.WWWAuthenticateChallengeError): Promise<string> {
  const content: unknown = await response.json().catch(() => undefined);
  const { success, data } = errorAnswer.safeParse(content);
  return success ? told(data) : `status ${status}`;
}

/** Providers say in the description what has to be mended: that a secret has expired, say. */
function told(answer: Readonly<z.output<typeof errorAnswer>>): string {
  const { error, error_description: description } = answer;
  return description === undefined ? error : `${error}: ${description}`;
}
