import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** Functions of the running kernel and its modules by address. */
export interface KernelSymbols {
  readonly length: number;
  /** `vfs_read`, or `nf_hook [nf_tables]` in a module. */
  find(address: number): string | undefined;
}

/** Addresses are kept without their upper 16 bits, which are all ones: doubles are exact then. */
const ADDRESS_BITS = 2 ** 48;
const MAX_SYMBOLS = 2 ** 21;
const LINE = /^([0-9a-f]+) ([tTwW]) (\S+)(?:\t(\[\S+\]))?/;

/**
 * Reads `/proc/kallsyms`, some 120,000 lines, a chunk at a time so that nothing else waits long. No
 * symbols where addresses are hidden (kptr_restrict) or the file can't be read.
 */
export async function readKernelSymbols(path = '/proc/kallsyms'): Promise<KernelSymbols> {
  const builder = createKernelSymbols();
  try {
    for await (const line of createInterface({ input: createReadStream(path, 'latin1') })) {
      builder.line(line);
    }
  } catch {
    return createKernelSymbols().finish();
  }
  return builder.finish();
}

/** Takes lines of `/proc/kallsyms`: address, type, name and, of a module, its name in brackets. */
export interface KernelSymbolsBuilder {
  line(text: string): void;
  finish(): KernelSymbols;
}

/** No symbols yet. */
export function createKernelSymbols(): KernelSymbolsBuilder {
  const addresses: number[] = [];
  const names: string[] = [];
  return {
    line(text) {
      const [, address = '', , name = '', module] = LINE.exec(text) ?? [];
      if (name === '' || names.length >= MAX_SYMBOLS) return;
      // All zeros is what a reader without the right gets.
      const value = Number.parseInt(address.slice(-12), 16);
      if (value === 0) return;
      addresses.push(value);
      names.push(module === undefined ? name : `${name} ${module}`);
    },
    finish() {
      const order = Uint32Array.from(names.keys()).sort(
        (a, b) => (addresses[a] ?? 0) - (addresses[b] ?? 0) || a - b,
      );
      const start = Float64Array.from(order, (row) => addresses[row] ?? 0);
      return {
        length: start.length,
        find(address) {
          const wanted = address % ADDRESS_BITS;
          let low = 0;
          let high = start.length;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if ((start[middle] ?? 0) <= wanted) low = middle + 1;
            else high = middle;
          }
          return low === 0 ? undefined : names[order[low - 1] ?? 0];
        },
      };
    },
  };
}
