import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../core/errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { HttpOptions } from './options.ts';
import { publicUrlOf } from './public-url.ts';

type ListenOptions = Pick<
  HttpOptions,
  'host' | 'port' | 'maxHeaderBytes' | 'headersTimeoutMs' | 'requestTimeoutMs' | 'keepAliveTimeoutMs'
>;

export interface Listener {
  /** Where it can be reached on this machine. */
  readonly url: URL;
  readonly port: number;
  /**
   * Takes no new work and resolves when what runs has ended, at the latest after `limitMs`; what runs
   * still is then cut off. Until then readiness is answered with 503, and new work refused with it.
   */
  drain(limitMs: number): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
}

/** How often slow clients are looked for, at most and at least, in milliseconds. */
const MAX_CHECK_INTERVAL = 1000;
const MIN_CHECK_INTERVAL = 10;

/** What a client gets whose request cannot be read, by the code of Node's error. */
const UNREADABLE: ReadonlyMap<string | undefined, readonly [status: number, reason: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'Request Timeout']],
  ['HPE_HEADER_OVERFLOW', [431, 'Request Header Fields Too Large']],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', [413, 'Payload Too Large']],
]);
const MALFORMED = [400, 'Bad Request'] as const;

/** Milliseconds for answers that are under way when nothing runs any more. */
const LAST_ANSWERS_MS = 500;

/**
 * Starts the server, with time limits for clients that send slowly.
 *
 * @throws AppError `CONFIGURATION_INVALID` when the address cannot be listened on.
 */
export async function listen(
  handler: RequestListener,
  options: ListenOptions,
  lifecycle: Lifecycle,
): Promise<Listener> {
  const running = new Set<ServerResponse>();
  const server = createServer(serverOptions(options));
  server.on('request', (_request, response) => {
    running.add(response);
    response.once('close', () => {
      running.delete(response);
    });
  });
  server.on('request', handler);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerUnreadable(error, socket, running);
  });
  const port = await bind(server, options);

  return {
    port,
    url: publicUrlOf({ host: options.host, port, publicUrl: undefined }),
    drain: async (limitMs) => {
      lifecycle.beginDraining();
      for (const response of running) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
      }
      const work = [...running];
      server.closeIdleConnections();
      await within(limitMs, Promise.all(work.map(ended)));
      // Whoever is being refused right now gets to read it.
      await close(server, work.every((response) => response.closed) ? LAST_ANSWERS_MS : 0);
    },
    close: () => close(server, 0),
  };
}

function serverOptions(options: ListenOptions): ServerOptions {
  // Node requires the limit for the headers to be within the one for the whole request.
  const headersTimeout = Math.min(options.headersTimeoutMs, options.requestTimeoutMs);
  return {
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout,
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.max(
      MIN_CHECK_INTERVAL,
      Math.min(MAX_CHECK_INTERVAL, Math.floor(headersTimeout / 2)),
    ),
    noDelay: true,
  };
}

function bind(server: Server, { host, port }: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(cannotListen(error, host, port));
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): AppError {
  const where = `port ${port} of ${host}`;
  const faults: Record<string, readonly [fault: string, next: string]> = {
    EADDRINUSE: [
      `Another process listens on ${where}.`,
      'stop that process, or set PORT to a free port (METRICS_PORT for metrics)',
    ],
    EACCES: [
      `This user may not listen on ${where}.`,
      'set PORT to a port above 1023, and let the balancer map the public one to it',
    ],
    EADDRNOTAVAIL: [
      `${host} is no address of this machine.`,
      'set HOST to 127.0.0.1, to 0.0.0.0 or to an address of this machine',
    ],
  };
  const [fault, next] = faults[cause.code ?? ''] ?? [
    `It is not possible to listen on ${where}.`,
    'check HOST and PORT',
  ];
  return new AppError('CONFIGURATION_INVALID', fault, { next, cause });
}

/** Without the body that a page or JSON would be: nothing is known of who asks. */
function answerUnreadable(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  running: ReadonlySet<ServerResponse>,
): void {
  const [status, reason] = UNREADABLE.get(error.code) ?? MALFORMED;
  const response = [...running].find((candidate) => candidate.socket === socket);
  if (response !== undefined && !response.headersSent) {
    // The body stopped coming while it was being read: the answer is logged as one of that request.
    response.writeHead(status, { Connection: 'close', 'Content-Length': 0 }).end();
  } else if (response === undefined && socket.writable && error.code !== 'ECONNRESET') {
    socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  } else {
    socket.destroy();
  }
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.closed) resolve();
    else response.once('close', resolve);
  });
}

/** Resolves with the work, or at the limit without it. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work, limit]);
  clearTimeout(timer);
}

/** Stops listening, and cuts connections that have not ended by themselves within the grace. */
async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  if (graceMs > 0) await within(graceMs, closed);
  server.closeAllConnections();
  await closed;
}
