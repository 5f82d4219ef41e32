/** Paths of the administration. */
export const ADMIN = {
  home: '/admin',
  confirm: '/admin/confirm',
  people: '/admin/people',
  clients: '/admin/clients',
  grants: '/admin/grants',
  sessions: '/admin/sessions',
  connections: '/admin/connections',
} as const;

/** What was done, by the word in the address that follows it. */
export const NOTICES: Readonly<Record<string, string>> = {
  added: 'The person was added.',
  role: 'The role was changed.',
  scopes: 'What the person may allow was changed.',
  groups: 'The groups were changed.',
  disabled: 'The person can neither sign in nor be acted for any more.',
  enabled: 'The person can sign in again.',
  'signed-out': 'The person is signed out everywhere.',
  'person-removed': 'The person was removed.',
  'client-removed': 'The application was removed, and what it was allowed has ended.',
  'client-revoked': 'Nobody allows the application anything any more.',
  revoked: 'The grant has ended.',
  'session-ended': 'The session has ended.',
};
