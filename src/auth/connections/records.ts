import { hash } from 'node:crypto';

/** Among how many streams the steps of strangers are spread, by address. */
export const STRANGER_STREAMS = 32;

/** Every record of the connection log. */
export const records = {
  /** JSON of a client that was given something, with its last step. */
  client: (clientId: string) => `auth:connection-client:${digest(clientId)}`,
  /** Stream of the steps that only the client itself can have taken. */
  clientSteps: (clientId: string) => `auth:connection-steps:${digest(clientId)}`,
  /** Stream of what anybody could have done, of some of the addresses. */
  strangerSteps: (part: number) => `auth:connection-strangers:${part}`,
} as const;

export const CLIENTS = 'auth:connection-client:';

/** Which of the streams of strangers an address belongs to. */
export function strangerPart(address: string): number {
  return Buffer.from(hash('sha256', address, 'buffer')).readUInt16BE(0) % STRANGER_STREAMS;
}

function digest(value: string): string {
  return hash('sha256', value, 'base64url');
}
