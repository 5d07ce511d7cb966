import xz from 'xz-decompress';
import { type ElfFile, findSection, readElf, sectionBytes } from './elf-file.ts';

/** Bytes that the symbols inside `.gnu_debugdata` may unpack to. */
const MAX_DEBUG_DATA_BYTES = 64 * 2 ** 20;

/**
 * The small ELF file that Fedora and its kin leave in stripped programs: the symbols of functions
 * that are not exported, packed by xz (`.gnu_debugdata`, GDB manual, "MiniDebugInfo"). `undefined`
 * if there is none, it is damaged, or it unpacks to more than the bound.
 */
export async function readDebugData(elf: ElfFile): Promise<ElfFile | undefined> {
  const section = findSection(elf, '.gnu_debugdata');
  if (!section) return undefined;
  const packed = sectionBytes(elf, section);
  const bytes = await unpack(packed).catch(() => undefined);
  return bytes && readElf((offset, length) => bytes.subarray(offset, offset + length)).value;
}

async function unpack(packed: Uint8Array): Promise<Uint8Array | undefined> {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(packed);
      controller.close();
    },
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = new xz.XzReadableStream(stream).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    length += next.value.length;
    if (length > MAX_DEBUG_DATA_BYTES) {
      await reader.cancel();
      return undefined;
    }
    // The decompressor reuses its buffer.
    chunks.push(next.value.slice());
  }
  return Buffer.concat(chunks);
}
