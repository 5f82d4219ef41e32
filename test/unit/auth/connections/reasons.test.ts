import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reasonOfError, reasonOfEvent } from '../../../../src/auth/connections/classify.ts';
import { REASONS } from '../../../../src/auth/connections/reasons.ts';
import { AppError, type AppErrorCode } from '../../../../src/core/errors.ts';

const document = await readFile(join(import.meta.dirname, '../../../../docs/connections.md'), 'utf8');
const rows = document
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| +| +\|$/g, '').trim()));

describe('the reasons', () => {
  it('are in docs/connections.md as they are told', () => {
    const told = Object.entries(REASONS).map(([code, { meaning, next }]) => [`\`${code}\``, meaning, next]);
    expect(rows).toEqual(told);
  });

  it('are sentences, each with something to do that can follow "First"', () => {
    for (const { meaning, next } of Object.values(REASONS)) {
      expect(meaning).toMatch(/^[A-Z].+\.$/);
      expect(next).toMatch(/^[a-z].+[^.]$/);
    }
  });
});

describe('a refusal', () => {
  it.each<[AppErrorCode, string, string, string | undefined]>([
    ['UNAUTHENTICATED', 'An access token is required.', '/mcp', 'token_missing'],
    ['INVALID_TOKEN', 'The access token has expired.', '/mcp', 'token_expired'],
    ['INVALID_TOKEN', 'The access token was issued for another resource.', '/mcp', 'wrong_audience'],
    ['INVALID_TOKEN', 'The access token was issued by another authorization server.', '/mcp', 'wrong_issuer'],
    ['INVALID_TOKEN', 'The token is not an access token.', '/mcp', 'not_access_token'],
    ['INVALID_TOKEN', 'The access token is not valid yet.', '/mcp', 'token_not_yet_valid'],
    ['INVALID_TOKEN', 'The access token is not valid.', '/mcp', 'token_invalid'],
    ['SCOPE_REQUIRED', 'More is needed.', '/mcp', 'scopes_missing'],
    ['ORIGIN_REFUSED', 'No.', '/mcp', 'origin_refused'],
    ['HOST_REFUSED', 'No.', '/mcp', 'host_refused'],
    ['RATE_LIMITED', 'Slower.', '/token', 'rate_limited'],
    ['UNAVAILABLE', 'Later.', '/mcp', 'unavailable'],
    ['BAD_REQUEST', 'The request has more than one Authorization header.', '/mcp', 'several_authorizations'],
    ['BAD_REQUEST', 'Too old.', '/interaction', 'form_refused'],
    ['NOT_FOUND', 'Nothing.', '/register', 'registration_off'],
    ['NOT_FOUND', 'Nothing.', 'other', undefined],
    ['BAD_REQUEST', 'Malformed.', '/mcp', undefined],
  ])('%s, %s at %s: %s', (code, message, route, reason) => {
    expect(reasonOfError(new AppError(code, message), route)).toBe(reason);
  });

  it('with an error that nobody knows here is told all the same', () => {
    const event = { action: 'grant.refused', outcome: 'denied' } as const;
    expect(reasonOfEvent({ ...event, details: { error: 'toString' } })).toBe('other');
    expect(reasonOfEvent(event)).toBe('other');
    expect(reasonOfEvent({ action: 'token.issued', outcome: 'success' })).toBeUndefined();
  });

  it('of a metadata document is told from one of an unknown client', () => {
    const event = { action: 'authorization.refused', outcome: 'denied' } as const;
    const details = { error: 'invalid_client', description: 'client is invalid' };
    expect(reasonOfEvent({ ...event, details: { ...details, detail: 'client not found' } })).toBe(
      'client_unknown',
    );
    const detail = 'client_id metadata document fetch failed';
    expect(reasonOfEvent({ ...event, details: { ...details, detail } })).toBe('document_unusable');
  });
});
