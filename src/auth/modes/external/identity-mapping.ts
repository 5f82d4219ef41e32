import { hash } from 'node:crypto';
import type { Identity } from '../../../core/principal.ts';
import { isScope, type Scope, ScopeSet } from '../../../core/scopes.ts';
import type { Logger } from '../../../core/telemetry.ts';
import { claimAt, type Claims, groupsAreElsewhere, isTrue } from '../../claims.ts';
import type { ExternalIssuerOptions } from '../../options/external.ts';
import { invalidToken } from '../../token-fault.ts';

/** Claims that were verified, and the SHA-256 of the token that they belong to. */
export interface VerifiedClaims {
  readonly claims: Claims;
  readonly tokenHash: string;
}

/** Makes an identity of what an issuer says. @throws AppError `INVALID_TOKEN` where that is not enough */
export type IdentityMapping = (verified: VerifiedClaims) => Identity;

/** Printable ASCII, as OpenID Connect Core §2 and RFC 6749 appendix A demand; short enough for every key. */
const NAME = /^[\x20-\x7e]{1,255}$/;

/** Reads the claims of an issuer's tokens as the operator has configured. */
export function createIdentityMapping(options: ExternalIssuerOptions, logger: Logger): IdentityMapping {
  const { issuer, claims: names, prefix } = options;
  const named = (name: string): string => (prefix === undefined ? name : `${prefix}:${name}`);
  return function identityOf({ claims, tokenHash }) {
    requireClaims(claims, options.requiredClaims);
    const groups = texts(claimAt(claims, names.groups));
    if (groupsAreElsewhere(claims, names.groups)) {
      logger.warn({ issuer }, 'a token has no groups because there are too many of them; use roles instead');
    }
    return {
      subject: nameOf(named(firstText(claims, names.subject))),
      clientId: nameOf(named(firstText(claims, names.clientId))),
      scopes: ScopeSet.of(scopesOf(options, claims, groups)),
      groups: groups.map(named),
      email: isTrue(claimAt(claims, names.emailVerified)) ? optionalText(claims, names.email) : undefined,
      authority: authorityOf(issuer, claims['jti'], tokenHash),
      expiresAt: expiryOf(claims['exp']),
    };
  };
}

function requireClaims(claims: Claims, required: ExternalIssuerOptions['requiredClaims']): void {
  for (const [name, wanted] of Object.entries(required)) {
    const value = claimAt(claims, name);
    const missing = value === undefined || value === null;
    if (missing || (wanted !== true && !texts(value).some((one) => [wanted].flat().includes(one)))) {
      throw invalidToken(`The access token has not the ${name} that is required here.`);
    }
  }
}

function scopesOf(
  options: ExternalIssuerOptions,
  claims: Claims,
  groups: readonly string[],
): Iterable<Scope> {
  const { claims: names, scopeNames, groupScopes, groupScopesMode } = options;
  const foreign = names.scopes.flatMap((name) => scopeTexts(claimAt(claims, name)));
  const own = foreign.flatMap((name) => meaning(scopeNames, name) ?? (isScope(name) ? [name] : []));
  if (Object.keys(groupScopes).length === 0) return own;
  const ofGroups = groups.flatMap((group) => meaning(groupScopes, group) ?? []);
  return groupScopesMode === 'add' ? [...own, ...ofGroups] : intersection(own, ofGroups);
}

/** Names come from tokens: none may find what every object has. */
function meaning(
  table: Readonly<Record<string, readonly Scope[]>>,
  name: string,
): readonly Scope[] | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What both allow, where one scope can include another. */
function intersection(some: readonly Scope[], others: readonly Scope[]): Scope[] {
  const [first, second] = [ScopeSet.of(some), ScopeSet.of(others)];
  return [...some, ...others].filter((scope) => first.has(scope) && second.has(scope));
}

/** `scope` of RFC 6749 §3.3, or a list of names. */
function scopeTexts(value: unknown): string[] {
  return typeof value === 'string' ? value.split(' ') : texts(value);
}

function texts(value: unknown): string[] {
  return [value].flat().filter((one) => typeof one === 'string');
}

function firstText(claims: Claims, names: readonly string[]): string {
  const value = names.map((name) => claimAt(claims, name)).find((one) => one !== undefined);
  if (typeof value === 'string' && value !== '') return value;
  throw invalidToken(`The access token has no ${names.join(' or ')}, which is needed here.`);
}

function optionalText(claims: Claims, name: string): string | undefined {
  return texts(claimAt(claims, name))[0];
}

function nameOf(name: string): string {
  if (NAME.test(name)) return name;
  throw invalidToken('The access token is not valid.');
}

/** Hashed, because what names a token at its issuer is not ours to spread. */
function authorityOf(issuer: string, jti: unknown, tokenHash: string): string {
  const id = typeof jti === 'string' && jti !== '' ? jti : tokenHash;
  return hash('sha256', `${issuer} ${id}`, 'base64url');
}

function expiryOf(exp: unknown): number {
  if (typeof exp === 'number' && Number.isFinite(exp)) return exp;
  throw invalidToken('The access token does not say when it expires.');
}
