import { type ElfFile, findSection, PT, type Section } from '../elf/elf-file.ts';
import { ARM64, type Architecture, X86_64 } from './cfa-program.ts';
import { ehFrameAddress, type FrameSection, readFrameSection } from './eh-frame.ts';
import { withHostFrame } from './host-frame.ts';
import type { UnwindTable } from './unwind-table.ts';

const ARCHITECTURES: Readonly<Record<string, Architecture>> = { 'x86-64': X86_64, arm64: ARM64 };
const PAGE_BYTES = 4096;
const MAX_HEADER_BYTES = 64;
const PIECE_BYTES = 2 ** 20;
/** Call frame information that is read: libLLVM has 6 MB. */
const MAX_FRAME_BYTES = 64 * 2 ** 20;
/** Where V8 keeps its built-ins, which keep frame pointers but are described nowhere. */
const V8_BUILTINS = 'v8_Default_embedded_blob_code_';

/**
 * The unwind table of a file: from `.eh_frame`, which its header finds where sections are stripped,
 * else from `.debug_frame`. `undefined` for a file without either or for another processor.
 */
export function buildUnwindTable(elf: ElfFile): UnwindTable | undefined {
  const architecture = ARCHITECTURES[elf.machine];
  if (!architecture) return undefined;
  const found = frameBytes(elf);
  if (!found || found.bytes.length === 0) return undefined;
  const table = readFrameSection({
    ...found,
    architecture,
    base: baseAddress(elf),
    hasFramePointerGaps: ['.dynstr', '.strtab'].some((name) => hasText(elf, name, V8_BUILTINS)),
  });
  return table.length > 0 ? withHostFrame(elf, table) : undefined;
}

/** Address of the page that the lowest loaded byte lies in. */
function baseAddress({ segments }: ElfFile): number {
  const loads = segments.filter(({ type }) => type === PT.load).map(({ address }) => address);
  const lowest = loads.length === 0 ? 0 : Math.min(...loads);
  return lowest - (lowest % PAGE_BYTES);
}

type Found = Pick<FrameSection, 'kind' | 'bytes' | 'address'>;

function frameBytes(elf: ElfFile): Found | undefined {
  const read = (kind: FrameSection['kind'], { address, offset, size }: Section): Found => ({
    kind,
    address,
    bytes: elf.read(offset, Math.min(size, MAX_FRAME_BYTES)),
  });
  const section = findSection(elf, '.eh_frame');
  if (section && section.size > 0) return read('eh_frame', section);
  const debug = findSection(elf, '.debug_frame');
  return frameOfHeader(elf) ?? (debug && read('debug_frame', debug));
}

/** `.eh_frame` of a file without sections: from where its header points to the end of the segment. */
function frameOfHeader(elf: ElfFile): Found | undefined {
  const header = elf.segments.find(({ type }) => type === PT.gnuEhFrame);
  const address =
    header && ehFrameAddress(elf.read(header.offset, MAX_HEADER_BYTES), header.address);
  if (address === undefined) return undefined;
  const segment = elf.segments.find(
    (each) =>
      each.type === PT.load && address >= each.address && address < each.address + each.fileSize,
  );
  if (!segment) return undefined;
  const skipped = address - segment.address;
  const size = Math.min(segment.fileSize - skipped, MAX_FRAME_BYTES);
  return { kind: 'eh_frame', address, bytes: elf.read(segment.offset + skipped, size) };
}

/** Read in pieces: names of large programs take some 10 MB. */
function hasText(elf: ElfFile, name: string, text: string): boolean {
  const { offset = 0, size = 0 } = findSection(elf, name) ?? {};
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const piece = elf.read(offset + at, Math.min(size - at, PIECE_BYTES + text.length));
    if (piece.length === 0) return false;
    if (Buffer.from(piece.buffer, piece.byteOffset, piece.length).includes(text)) return true;
  }
  return false;
}
