import { hash } from 'node:crypto';

/** Among how many streams the steps of strangers are spread, by the network of their address. */
export const STRANGER_STREAMS = 32;

/** Every record of the connection log. */
export const records = {
  /** JSON of a client that was given something, with its last step. */
  client: (clientId: string) => `auth:connection-client:${digest(clientId)}`,
  /** Stream of the steps that only the client itself can have taken. */
  clientSteps: (clientId: string) => `auth:connection-steps:${digest(clientId)}`,
  /** Stream of what anybody could have done, of some of the networks. */
  strangerSteps: (part: number) => `auth:connection-strangers:${part}`,
} as const;

export const CLIENTS = 'auth:connection-client:';

/** Which of the streams of strangers a network belongs to. */
export function strangerPart(network: string): number {
  return Buffer.from(hash('sha256', network, 'buffer')).readUInt16BE(0) % STRANGER_STREAMS;
}

function digest(value: string): string {
  return hash('sha256', value, 'base64url');
}
