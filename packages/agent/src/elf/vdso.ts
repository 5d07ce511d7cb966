import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { parseMaps } from '../proc/maps.ts';
import { readElf } from './elf-file.ts';
import type { OpenElf } from './open-elf.ts';

const MAX_BYTES = 2 ** 20;

/**
 * The library that the kernel maps into every process (vdso(7)): it lies in no file, so it is read
 * from this process's own memory, where it is the same. `undefined` if there is none.
 */
export function openVdso(): OpenElf | undefined {
  try {
    const { value: mappings } = parseMaps(readFileSync('/proc/self/maps', 'latin1'));
    const vdso = mappings.find(({ path }) => path === '[vdso]');
    if (!vdso) return undefined;
    const bytes = readMemory(vdso.start, Math.min(vdso.end - vdso.start, MAX_BYTES));
    const elf = readElf((offset, length) => bytes.subarray(offset, offset + length)).value;
    return elf && { elf, sizeBytes: bytes.length, [Symbol.dispose]() {} };
  } catch {
    return undefined;
  }
}

function readMemory(address: number, sizeBytes: number): Uint8Array {
  const descriptor = openSync('/proc/self/mem', 'r');
  try {
    const bytes = Buffer.alloc(sizeBytes);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, sizeBytes, address));
  } finally {
    closeSync(descriptor);
  }
}
