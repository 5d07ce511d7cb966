import { createReadStream } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { lastAtOrBefore } from '../elf/last-at-or-before.ts';

/** Functions of the running kernel and its modules by address. */
export interface KernelSymbols {
  readonly length: number;
  /** Whether the list was longer than is read. */
  readonly isCut: boolean;
  /** `vfs_read`, or `nf_hook [nf_tables]` in a module. */
  find(address: number): string | undefined;
}

/** Addresses are kept without their upper 16 bits, which are all ones: doubles are exact then. */
const ADDRESS_BITS = 2 ** 48;
/** Ten times what a distribution's kernel has. */
const MAX_BYTES = 64 * 2 ** 20;
/** Bytes read before anything else in the process gets its turn. */
const CHUNK_BYTES = 2 ** 19;
const CHUNK_LINES = 2 ** 14;
/** What follows address and type. */
const NAME = /^([^\s[\]]+)(?:\t(\[[^\s[\]]+\]))?$/;
const NEWLINE = 0x0a;
const SPACE = 0x20;
/** The type with a space on either side. */
const TYPE_BYTES = 3;

/**
 * Reads `/proc/kallsyms`, some 5 MB, without keeping others waiting. No symbols where addresses are
 * hidden (kptr_restrict) or the file can't be read.
 */
export async function readKernelSymbols(path = '/proc/kallsyms'): Promise<KernelSymbols> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BYTES) break;
    }
  } catch {
    return parseKallsyms(Buffer.alloc(0));
  }
  return parseKallsyms(Buffer.concat(chunks));
}

/**
 * Understands lines of address, type, name and, of a module, a tab and its name in brackets. Other
 * lines, and what is no code, are passed over.
 */
export async function parseKallsyms(bytes: Buffer): Promise<KernelSymbols> {
  const isCut = bytes.length > MAX_BYTES;
  const end = Math.min(bytes.length, MAX_BYTES);
  const start: number[] = [];
  /** Where in `bytes` the name of each begins. */
  const nameFrom: number[] = [];
  let isSorted = true;
  for (let at = 0, turn = CHUNK_BYTES; at < end; at = nextLine(bytes, at)) {
    const address = codeAddress(bytes, at);
    // All zeros is what a reader without the right gets.
    if (address > 0) {
      isSorted &&= address >= (start.at(-1) ?? 0);
      start.push(address);
      // The last line may end before its name.
      nameFrom.push(Math.min(bytes.indexOf(SPACE, at) + TYPE_BYTES, bytes.length));
    }
    if (at < turn) continue;
    turn = at + CHUNK_BYTES;
    await breathe();
  }
  const order = Uint32Array.from(start.keys());
  if (!isSorted) order.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || a - b);
  const { starts, names, text } = await inOrder(bytes, { order, start, nameFrom });
  return {
    length: order.length,
    isCut,
    find(address) {
      const row = lastAtOrBefore(starts, address % ADDRESS_BITS);
      return row < 0 ? undefined : nameAt(text, names[row] ?? 0);
    },
  };
}

interface Found {
  readonly order: Uint32Array;
  readonly start: readonly number[];
  readonly nameFrom: readonly number[];
}

/** Addresses and names of code, sorted. They are held as long as the agent runs, the text is not. */
async function inOrder(bytes: Buffer, { order, start, nameFrom }: Found) {
  const lengthOf = (at: number): number => nextLine(bytes, at) - at;
  const text = Buffer.allocUnsafeSlow(nameFrom.reduce((sum, at) => sum + lengthOf(at), 0));
  const names = new Uint32Array(order.length);
  let length = 0;
  for (const [row, found] of order.entries()) {
    const at = nameFrom[found] ?? 0;
    names[row] = length;
    length += bytes.copy(text, length, at, at + lengthOf(at));
    if (row % CHUNK_LINES === 0) await breathe();
  }
  return { starts: Float64Array.from(order, (row) => start[row] ?? 0), names, text };
}

function nextLine(bytes: Buffer, at: number): number {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 ? bytes.length : newline + 1;
}

/** The address of a line about code, 0 of any other. Looks at bytes: there are 200,000 lines. */
function codeAddress(bytes: Buffer, at: number): number {
  let address = 0;
  let to = at;
  for (; to < at + 16; to++) {
    const byte = bytes[to] ?? 0;
    const digit = byte >= 0x61 ? byte - 0x57 : byte - 0x30;
    if (digit < 0 || digit > 15) break;
    address = (address % (ADDRESS_BITS / 16)) * 16 + digit;
  }
  const type = String.fromCharCode((bytes[to + 1] ?? 0) | 0x20);
  return bytes[to] === 0x20 && (type === 't' || type === 'w') ? address : 0;
}

function nameAt(bytes: Buffer, at: number): string | undefined {
  const text = bytes.toString('latin1', at, nextLine(bytes, at)).trimEnd();
  const [, name, module] = NAME.exec(text) ?? [];
  return name === undefined || module === undefined ? name : `${name} ${module}`;
}
