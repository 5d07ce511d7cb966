import {
  createServer as createHttp1Server,
  type Server as Http1Server,
  type RequestListener,
} from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';

/** HTTP/1.1 and cleartext HTTP/2 with prior knowledge, on one TCP port. */
export interface OnePort {
  /** What Fastify takes for its server; it never listens itself. */
  readonly http1: Http1Server;
  /** Gives the bound address. Throws `unavailable` where the port is taken or not allowed. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /** Accepts no more, lets requests end, and cuts what is left when `signal` aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

/**
 * Begins every HTTP/2 connection (RFC 9113, 3.4). No HTTP/1 method begins with the same three
 * letters, so these tell the two apart.
 */
const PREFACE = Buffer.from('PRI');

const IDLE_CHECK_MS = 50;

/** Hands each connection to an HTTP/1.1 or an HTTP/2 server by its first bytes. */
export function createOnePort(handler: RequestListener, limits: Limits): OnePort {
  const http1 = http1Server(handler, limits);
  const http2 = http2Server(handler, limits);
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const front = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    // A peer that resets its connection is its own affair.
    socket.on('error', () => socket.destroy());
    // A peer that does not hang up after the last byte would hold up a server that stops.
    socket.once('finish', () => {
      setTimeout(() => socket.destroy(), limits.value('discard_timeout')).unref();
    });
    undecided.add(socket);
    peek(socket, limits, (isHttp2) => {
      undecided.delete(socket);
      (isHttp2 ? http2.server : http1).emit('connection', socket);
    });
  });
  front.maxConnections = limits.value('connections');
  front.on('drop', () => limits.hit('connections'));
  return {
    http1,
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        front.once('error', (error) => reject(listenError(error, port, host)));
        front.listen({ port, host }, () => resolve(front.address() as AddressInfo));
      }),
    async drain(signal) {
      const closed = new Promise<void>((resolve) => front.close(() => resolve()));
      for (const socket of undecided) socket.destroy();
      http2.closeSessions();
      // A connection is idle again after each answer, so once is not enough.
      const idling = setInterval(() => http1.closeIdleConnections(), IDLE_CHECK_MS);
      http1.closeIdleConnections();
      const cut = (): void => {
        for (const socket of sockets) socket.destroy();
      };
      signal.addEventListener('abort', cut, { once: true });
      if (signal.aborted) cut();
      await closed;
      clearInterval(idling);
      http1.close();
    },
  };
}

/** Reads until the first bytes tell the protocol, puts them back and says which one it is. */
function peek(socket: Socket, limits: Limits, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const timeoutMs = limits.value('preface_timeout');
  const silent = setTimeout(() => {
    limits.hit('preface_timeout');
    socket.destroy();
  }, timeoutMs);
  socket.once('close', () => clearTimeout(silent));
  const read = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk !== null) seen = Buffer.concat([seen, chunk]);
    const shared = Math.min(seen.length, PREFACE.length);
    const isHttp2 = seen.subarray(0, shared).equals(PREFACE.subarray(0, shared));
    if (isHttp2 && shared < PREFACE.length) {
      socket.once('readable', read);
      return;
    }
    clearTimeout(silent);
    socket.unshift(seen);
    decide(isHttp2);
  };
  socket.once('readable', read);
}

function http1Server(handler: RequestListener, limits: Limits): Http1Server {
  const server = createHttp1Server(
    {
      headersTimeout: limits.value('headers_timeout'),
      requestTimeout: limits.value('body_timeout'),
      keepAliveTimeout: limits.value('idle_timeout'),
      maxHeaderSize: limits.value('header_bytes'),
      connectionsCheckingInterval: 1_000,
    },
    handler,
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    refuseHttp1(error.code, socket as Socket, limits);
  });
  // Node begins to watch header and request timeouts at this event, which a server that is handed
  // its connections never has.
  server.emit('listening');
  return server;
}

function refuseHttp1(code: string | undefined, socket: Socket, limits: Limits): void {
  const [status, reason] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? [408, 'the request did not come whole in time']
      : code === 'HPE_HEADER_OVERFLOW'
        ? [431, `expected at most ${limits.value('header_bytes')} bytes of headers, got more`]
        : [400, 'expected an HTTP/1.1 or HTTP/2 request, got something else'];
  if (status === 408) limits.hit('headers_timeout');
  if (status === 431) limits.hit('header_bytes');
  if (!socket.writable) return;
  const body = JSON.stringify({ code: 'invalid_argument', message: reason });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function http2Server(handler: RequestListener, limits: Limits) {
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server(
    {
      settings: {
        maxConcurrentStreams: limits.value('streams_per_connection'),
        maxHeaderListSize: limits.value('header_bytes'),
        // The default of 64 kB would make one round trip of every 64 kB of a profile.
        initialWindowSize: 1024 * 1024,
      },
    },
    // Fastify's handler reads only what both kinds of requests have.
    handler as never,
  );
  server.on('session', (session) => {
    let streams = 0;
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    session.on('error', () => session.destroy());
    session.on('stream', (stream) => {
      streams++;
      stream.once('close', () => streams--);
    });
    const stopPinging = ping(session, limits);
    session.once('close', stopPinging);
    session.setTimeout(limits.value('idle_timeout'), () => {
      // A stream that waits for a task to end is silent for as long as the task is.
      if (streams > 0) return;
      limits.hit('idle_timeout');
      session.close();
    });
  });
  return {
    server,
    closeSessions(): void {
      for (const session of sessions) session.close();
    },
  };
}

/**
 * Cuts off a peer that does not answer pings: one that lost its power says nothing, and the kernel
 * would go on for a quarter of an hour.
 */
function ping(session: ServerHttp2Session, limits: Limits): () => void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) {
      limits.hit('ping_timeout');
      session.destroy();
      return;
    }
    answered = false;
    session.ping(() => {
      answered = true;
    });
  }, limits.value('ping_timeout'));
  timer.unref();
  return () => clearInterval(timer);
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): EagleError {
  const options = { cause: error };
  if (error.code === 'EADDRINUSE') {
    return new EagleError(
      'unavailable',
      `port ${port} on ${host} is in use: stop what listens there, or choose another with --port`,
      options,
    );
  }
  if (error.code === 'EACCES') {
    return new EagleError(
      'permission_denied',
      `port ${port} on ${host} needs privileges: choose one above 1023 with --port`,
      options,
    );
  }
  return new EagleError(
    'unavailable',
    `cannot listen on ${host} port ${port}: ${error.message}`,
    options,
  );
}
