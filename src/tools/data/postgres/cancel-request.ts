import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ServerAddress } from '../databases/server-address.ts';

// PostgreSQL documentation, "Message Formats": SSLRequest, CancelRequest.
const SSL_REQUEST = 80877103;
const CANCEL_REQUEST = 80877102;
const PATIENCE_MS = 2000;

/** Asks the server to end what the connection with this key runs now. It needs no account, and no free place. */
export async function cancelOnServer(
  { host, port, tls }: ServerAddress,
  key: { readonly processId: number; readonly secret: number },
): Promise<void> {
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
  try {
    await once(socket, 'connect');
    const secured = tls === undefined ? socket : await secure(socket, { host, ...tls });
    const message = Buffer.alloc(16);
    [16, CANCEL_REQUEST, key.processId, key.secret].forEach((value, index) => {
      message.writeInt32BE(value, index * 4);
    });
    secured.end(message);
    secured.resume();
    // The server closes when it has passed the word on.
    await once(secured, 'close');
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

async function secure(
  socket: Socket,
  { host, ...options }: { readonly host: string; readonly rejectUnauthorized: boolean; readonly ca?: string },
): Promise<Socket> {
  const message = Buffer.alloc(8);
  message.writeInt32BE(8, 0);
  message.writeInt32BE(SSL_REQUEST, 4);
  socket.write(message);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString() !== 'S') throw new Error('The server does not speak TLS');
  // An address is no name that a server could be asked for (RFC 6066 §3).
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secured = connectTls({ socket, host, ...name, ...options });
  await once(secured, 'secureConnect');
  return secured;
}
