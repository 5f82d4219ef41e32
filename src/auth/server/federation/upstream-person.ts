import { claimAt, type Claims, groupsAreElsewhere, isTrue } from '../../claims.ts';
import type { IdentityProviderOptions } from '../../options/identity-providers.ts';
import { SignInRefusal } from './sign-in-refusal.ts';

export interface UpstreamPerson {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly groups: readonly string[];
}

const MAX_GROUPS = 1000;
const MAX_GROUP_LENGTH = 256;
const MAX_SUBJECT_LENGTH = 1024;
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,189}$/;

/**
 * Who the claims are about, as the configuration reads them.
 *
 * @throws SignInRefusal when they do not say it, or the person is none of those who may sign in
 */
export function readPerson(options: IdentityProviderOptions, claims: Claims): UpstreamPerson {
  const subject = claimAt(claims, options.claims.subject);
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT_LENGTH) {
    throw new SignInRefusal('subject_missing', options.claims.subject);
  }
  const email = claimAt(claims, options.claims.email);
  if (typeof email !== 'string' || !EMAIL.test(email)) {
    throw new SignInRefusal('email_missing', options.claims.email);
  }
  if (options.requireVerifiedEmail && !isTrue(claims['email_verified'])) {
    throw new SignInRefusal('email_unverified');
  }
  const name = claimAt(claims, options.claims.name);
  const person = {
    subject,
    email,
    name: typeof name === 'string' ? name : '',
    groups: groupsOf(claimAt(claims, options.claims.groups)) ?? [],
  };
  assertAllowed(options, person, lacksGroups(options, claims));
  return person;
}

/** Whether the provider leaves the groups out because there are too many; the person then has none here. */
export function lacksGroups({ claims: names }: IdentityProviderOptions, claims: Claims): boolean {
  return groupsAreElsewhere(claims, names.groups);
}

/** Whether the claims tell everything that is looked for; if not, userinfo may tell the rest. */
export function isComplete(options: IdentityProviderOptions, claims: Claims): boolean {
  const { claims: names, requireVerifiedEmail } = options;
  const needed = [names.email, names.groups, ...(requireVerifiedEmail ? ['email_verified'] : [])];
  return needed.every((name) => claimAt(claims, name) !== undefined);
}

/** @throws SignInRefusal unless the ID token has every claim that the operator requires */
export function assertRequiredClaims(
  { requiredClaims }: Pick<IdentityProviderOptions, 'requiredClaims'>,
  idToken: Claims,
): void {
  for (const [name, wanted] of Object.entries(requiredClaims)) {
    const value = claimAt(idToken, name);
    const values = Array.isArray(value) ? value.map(String) : [String(value)];
    const isMet = value !== undefined && [wanted].flat().some((each) => values.includes(each));
    if (!isMet) throw new SignInRefusal('not_allowed', `claim ${name}`);
  }
}

function assertAllowed(
  options: IdentityProviderOptions,
  { email, groups }: UpstreamPerson,
  isWithoutGroups: boolean,
): void {
  const { allowedEmailDomains, allowedGroups } = options;
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  if (allowedEmailDomains.length > 0 && !allowedEmailDomains.some((each) => each.toLowerCase() === domain)) {
    throw new SignInRefusal('not_allowed', 'e-mail domain');
  }
  if (allowedGroups.length > 0 && !groups.some((group) => allowedGroups.includes(group))) {
    throw new SignInRefusal('not_allowed', isWithoutGroups ? 'groups: too many for the token' : 'groups');
  }
}

function groupsOf(claim: unknown): string[] | undefined {
  if (typeof claim === 'string') return [claim];
  if (!Array.isArray(claim)) return undefined;
  const names = claim.filter((each): each is string => typeof each === 'string');
  return names.filter(({ length }) => length <= MAX_GROUP_LENGTH).slice(0, MAX_GROUPS);
}
