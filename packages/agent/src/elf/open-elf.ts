import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Parsed } from '@kube-eagle/profile';
import { type ElfFile, readElf } from './elf-file.ts';

/** An ELF file that is open. */
export interface OpenElf extends Disposable {
  readonly elf: ElfFile;
  readonly sizeBytes: number;
}

/**
 * Opens a file for {@link readElf}: a regular file only, and not through a symbolic link in the last
 * part of its path, unless that is a link of /proc itself (`/proc/PID/map_files`, `/proc/PID/exe`),
 * which leads to the very file that is mapped.
 */
export function openElf(path: string): Parsed<OpenElf | undefined> {
  const isProcLink = /^\/proc\/\d+\/(map_files\/[0-9a-f]+-[0-9a-f]+|exe)$/.test(path);
  const noFollow = isProcLink ? 0 : constants.O_NOFOLLOW;
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | noFollow);
  } catch (error) {
    return { value: undefined, problems: [error instanceof Error ? error.message : String(error)] };
  }
  const dispose = (): void => closeSync(descriptor);
  const status = fstatSync(descriptor);
  if (!status.isFile()) {
    dispose();
    return { value: undefined, problems: ['expected a regular file'] };
  }
  const { value, problems } = readElf((offset, length) => {
    // What a header asks for is never allocated beyond what the file has.
    const available = Math.max(0, Math.min(length, status.size - offset));
    const bytes = Buffer.allocUnsafe(Number.isSafeInteger(available) ? available : 0);
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    } catch {
      return bytes.subarray(0, 0);
    }
  });
  if (value)
    return { value: { elf: value, sizeBytes: status.size, [Symbol.dispose]: dispose }, problems };
  dispose();
  return { value: undefined, problems };
}
