import * as z from 'zod';
import { ALL_SCOPES } from '../../../core/scopes.ts';

/** JSON of an account as it lies in the store. */
export const storedAccount = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(['owner', 'member']),
  /** What the account may allow clients; absent where its role decides. */
  scopes: z.array(z.enum(ALL_SCOPES)).optional(),
  /** Groups that the operator, or the identity provider, has put the person into. */
  groups: z.array(z.string()).default([]),
  /** ISO 8601. */
  createdAt: z.string(),
  /** ISO 8601: since when the person can neither sign in nor be acted for. */
  disabledAt: z.string().optional(),
  /** Who the person is at the identity provider that vouches for them: its id here, and what it is called itself. */
  identity: z.object({ provider: z.string(), issuer: z.string().optional(), subject: z.string() }).optional(),
  /** See `PasswordHasher`. Absent where the person has no password here. */
  passwordHash: z.string().optional(),
});

export type StoredAccount = z.output<typeof storedAccount>;

/** A person who can sign in. */
export type Account = Readonly<Omit<StoredAccount, 'passwordHash'>> & {
  /** Whether the person can sign in with a password. */
  readonly hasPassword: boolean;
};
