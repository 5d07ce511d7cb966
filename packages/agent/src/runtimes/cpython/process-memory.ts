import { closeSync, openSync, readSync } from 'node:fs';

/** Another process's memory. */
export interface ProcessMemory extends Disposable {
  /** The bytes at an address; fewer, or none, where they can't be read. Never throws. */
  read(address: number, length: number): Uint8Array;
}

/** Bytes that one read may ask for. */
const MAX_READ_BYTES = 2 ** 20;

/** Opens `/proc/PID/mem`; `undefined` where the process has ended or may not be read. */
export function openProcessMemory(pid: number): ProcessMemory | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(`/proc/${pid}/mem`, 'r');
  } catch {
    return undefined;
  }
  return {
    read(address, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, MAX_READ_BYTES)));
      if (!Number.isSafeInteger(address) || address <= 0) return bytes.subarray(0, 0);
      try {
        return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, address));
      } catch {
        return bytes.subarray(0, 0);
      }
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** A pointer at an offset of some bytes, 0 past their end. User addresses are below 2^53. */
export function pointerAt(bytes: Uint8Array, offset: number): number {
  if (offset < 0 || offset + 8 > bytes.length) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
}

/** A signed 32-bit number at an offset of some bytes, 0 past their end. */
export function int32At(bytes: Uint8Array, offset: number): number {
  if (offset < 0 || offset + 4 > bytes.length) return 0;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getInt32(offset, true);
}
