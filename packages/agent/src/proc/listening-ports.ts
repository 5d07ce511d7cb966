import { readdirSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { readProcFile, readProcLink } from './process.ts';

/** Where a process takes TCP connections, in its own network namespace. */
export interface ListeningPort {
  /** One that it can be reached by from within that namespace. */
  readonly address: string;
  readonly port: number;
}

const LISTEN = '0A';
const MAX_FDS = 65_536;

/** The TCP ports a process listens on, by its open sockets; the lowest first. */
export function listeningPorts(pid: number): readonly ListeningPort[] {
  const sockets = socketsOf(pid);
  const tables = ['tcp', 'tcp6'].map((name) => readProcFile(`/proc/${pid}/net/${name}`) ?? '');
  return tables
    .flatMap(parseListeners)
    .filter(({ inode }) => sockets.has(inode))
    .map(({ address, port }) => ({ address, port }))
    .sort((a, b) => a.port - b.port);
}

function socketsOf(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  let names: string[] = [];
  try {
    names = readdirSync(folder).slice(0, MAX_FDS);
  } catch {
    // Gone, or not ours to look into.
  }
  const links = names.map((name) => readProcLink(`${folder}/${name}`) ?? '');
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** The listening sockets of `/proc/PID/net/tcp` or `tcp6` (proc_pid_net(5)). */
export function parseListeners(text: string): readonly (ListeningPort & { inode: string })[] {
  return text.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [hex = '', port = ''] = local.split(':');
    if (state !== LISTEN || !/^(?:[0-9A-F]{8}){1,4}$/.test(hex)) return [];
    return [{ address: reachable(addressOf(hex)), port: Number.parseInt(port, 16), inode }];
  });
}

/** Words of 32 bits in this machine's order of bytes, which is little-endian where eBPF runs. */
function addressOf(hex: string): string {
  const bytes = hex
    .match(/.{8}/g)
    ?.flatMap((word) => [...Buffer.from(word, 'hex').reverse()]) as number[];
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  if (isMapped) return bytes.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return groups.join(':');
}

/** Of "any address", the loopback one. */
function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  if (isIPv4(address)) return address;
  return /^[0:]+$/.test(address) ? '::1' : address;
}
