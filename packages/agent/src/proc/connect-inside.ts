import { closeSync, openSync, readlinkSync } from 'node:fs';
import { connect, isIPv4, Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { EagleError } from '@kube-eagle/profile';
import koffi from 'koffi';
import type { ListeningPort } from './listening-ports.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
const EINPROGRESS = 115;

type Libc = ReturnType<typeof bind>;

let bound: Libc | undefined;

/** Bound when first asked for: most agents never connect anywhere but to their server. */
function libc(): Libc {
  bound ??= bind();
  return bound;
}

function bind() {
  const library = koffi.load(null);
  return {
    setns: library.func('int setns(int, int)'),
    socket: library.func('int socket(int, int, int)'),
    connect: library.func('int connect(int, const void*, unsigned int)'),
  };
}

/**
 * A connection to a port of a process in the process's network namespace, which need not be the
 * agent's. Throws `permission_denied` where the agent may not go there (setns(2) asks for
 * CAP_SYS_ADMIN). That nobody answers, the socket says.
 */
export function connectInside(pid: number, { address, port }: ListeningPort): Socket {
  const theirs = `/proc/${pid}/ns/net`;
  if (readlinkSync(theirs) === readlinkSync('/proc/thread-self/ns/net')) {
    return connect({ host: address, port });
  }
  const fd = socketIn(theirs, isIPv4(address) ? AF_INET : AF_INET6);
  const place = socketAddress(address, port);
  if (libc().connect(fd, place, place.length) !== 0 && koffi.errno() !== EINPROGRESS) {
    closeSync(fd);
    throw failure('connect', 'unavailable');
  }
  // What is written before it is connected waits.
  return new Socket({ fd, readable: true, writable: true });
}

/** A socket belongs to the namespace that it was made in, so this thread is there only for a moment. */
function socketIn(path: string, family: number): number {
  const { setns, socket } = libc();
  const ours = openSync('/proc/thread-self/ns/net', 'r');
  const theirs = openSync(path, 'r');
  try {
    if (setns(theirs, CLONE_NEWNET) !== 0) throw failure('setns', 'permission_denied');
    const fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const failed = fd < 0 ? failure('socket', 'unavailable') : undefined;
    if (setns(ours, CLONE_NEWNET) !== 0) throw failure('setns back', 'internal');
    if (failed) throw failed;
    return fd;
  } finally {
    closeSync(ours);
    closeSync(theirs);
  }
}

function failure(call: string, code: 'permission_denied' | 'unavailable' | 'internal'): EagleError {
  const name = getSystemErrorName(-koffi.errno());
  return new EagleError(code, `${call} into the process's network namespace: ${name}`);
}

/** struct sockaddr_in and sockaddr_in6 of ip(7) and ipv6(7). */
function socketAddress(address: string, port: number): Buffer {
  const isV4 = isIPv4(address);
  const bytes = Buffer.alloc(isV4 ? 16 : 28);
  bytes.writeUInt16LE(isV4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  const parts = address.split(isV4 ? '.' : ':');
  if (isV4) bytes.set(parts.map(Number), 4);
  else if (address === '::1') bytes.writeUInt8(1, 23);
  else
    for (const [at, part] of parts.entries())
      bytes.writeUInt16BE(Number.parseInt(part, 16), 8 + 2 * at);
  return bytes;
}
