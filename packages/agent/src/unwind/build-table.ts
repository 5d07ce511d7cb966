import { type ElfFile, findSection, loadedFrom, PT, type Stretch } from '../elf/elf-file.ts';
import { occurrences } from '../elf/occurrences.ts';
import { ARM64, type Architecture, X86_64 } from './cfa-program.ts';
import { ehFrameAddress, type FrameSection, readFrameSection } from './eh-frame.ts';
import { addGoFunctions } from './go-functions.ts';
import { withHostFrame } from './host-frame.ts';
import { muslCode } from './musl-code.ts';
import { createUnwindTableBuilder, type UnwindTable } from './unwind-table.ts';

const ARCHITECTURES: Readonly<Record<string, Architecture>> = { 'x86-64': X86_64, arm64: ARM64 };
const PAGE_BYTES = 4096;
const MAX_HEADER_BYTES = 64;
/** Call frame information that is read: libLLVM has 6 MB. */
const MAX_FRAME_BYTES = 64 * 2 ** 20;
/** Where V8 keeps its built-ins, which keep frame pointers but are described nowhere. */
const V8_BUILTINS = Buffer.from('v8_Default_embedded_blob_code_');

/**
 * The unwind table of a file: Go code by the table that Go programs carry; all else by `.eh_frame`,
 * which its header finds where sections are stripped, else by `.debug_frame`. `undefined` for a file
 * without any of these or for another processor.
 */
export function buildUnwindTable(elf: ElfFile): UnwindTable | undefined {
  const architecture = ARCHITECTURES[elf.machine];
  if (!architecture) return undefined;
  const builder = createUnwindTableBuilder();
  const base = baseAddress(elf);
  const isDescribed = addGoFunctions(elf, architecture, builder);
  const found = frameBytes(elf);
  if (found) readFrameSection({ ...found, architecture, base, isDescribed }, builder);
  const hasFramePointerGaps = ['.dynstr', '.strtab'].some((name) => hasText(elf, name));
  const table = builder.finish({ base, hasFramePointerGaps, known: muslCode(elf) });
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
  const section = findSection(elf, '.eh_frame');
  if (section && section.size > 0) return readFrame(elf, 'eh_frame', section);
  const debug = findSection(elf, '.debug_frame');
  return frameOfHeader(elf) ?? (debug && readFrame(elf, 'debug_frame', debug));
}

function readFrame(
  elf: ElfFile,
  kind: FrameSection['kind'],
  { offset, address, size }: Stretch,
): Found {
  return { kind, address, bytes: elf.read(offset, Math.min(size, MAX_FRAME_BYTES)) };
}

/** `.eh_frame` of a file without sections: from where its header points to the end of the segment. */
function frameOfHeader(elf: ElfFile): Found | undefined {
  const header = elf.segments.find(({ type }) => type === PT.gnuEhFrame);
  const address =
    header && ehFrameAddress(elf.read(header.offset, MAX_HEADER_BYTES), header.address);
  if (address === undefined) return undefined;
  const loaded = loadedFrom(elf, address);
  return loaded && readFrame(elf, 'eh_frame', loaded);
}

function hasText(elf: ElfFile, name: string): boolean {
  const section = findSection(elf, name);
  if (!section) return false;
  const [first] = occurrences(elf.read, V8_BUILTINS, section);
  return first !== undefined;
}
