import { createHash } from 'node:crypto';
import { type ElfFile, PT, SHT, viewOf } from './elf-file.ts';
import { type OpenElf, openElf } from './open-elf.ts';

const MAX_NOTES_BYTES = 65_536;
const MAX_ID_BYTES = 128;
const GNU_BUILD_ID = 3;
const GO_BUILD_ID = 4;
const EDGE_BYTES = 4096;

/** What a file tells of its own identity. */
export interface BuildIds {
  /** Of the linker, hexadecimal; empty if there is none. */
  readonly gnu: string;
  /** Of the Go compiler, as it writes it; empty if there is none. */
  readonly go: string;
}

/** The notes that linkers leave (`.note.gnu.build-id`, `.note.go.buildid`). */
export function buildIdsOf(elf: ElfFile): BuildIds {
  const places = [
    ...elf.segments
      .filter(({ type }) => type === PT.note)
      .map(({ offset, fileSize }) => ({ offset, size: fileSize })),
    // Go's note lies in no segment of position-independent programs.
    ...elf.sections.filter(({ type }) => type === SHT.note),
  ];
  let ids: BuildIds = { gnu: '', go: '' };
  for (const { offset, size } of places) {
    for (const note of notesIn(elf.read(offset, Math.min(size, MAX_NOTES_BYTES)))) {
      const text = Buffer.from(note.description.subarray(0, MAX_ID_BYTES));
      if (note.owner === 'GNU' && note.type === GNU_BUILD_ID) {
        ids = { ...ids, gnu: text.toString('hex') };
      } else if (note.owner === 'Go' && note.type === GO_BUILD_ID) {
        ids = { ...ids, go: text.toString('latin1') };
      }
    }
  }
  return ids;
}

interface Note {
  readonly owner: string;
  readonly type: number;
  readonly description: Uint8Array;
}

/** Notes as the gABI lays them out: three lengths and kinds, then owner and description, padded to 4. */
function* notesIn(bytes: Uint8Array): Iterable<Note> {
  const view = viewOf(bytes);
  const padded = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const ownerBytes = view.getUint32(at, true);
    const descriptionBytes = view.getUint32(at + 4, true);
    const from = at + 12 + padded(ownerBytes);
    const end = from + descriptionBytes;
    if (end > bytes.length) return;
    const owner = Buffer.from(bytes.subarray(at + 12, at + 12 + ownerBytes)).toString('latin1');
    yield {
      owner: owner.replace(/\0.*$/s, ''),
      type: view.getUint32(at + 8, true),
      description: bytes.subarray(from, end),
    };
    at = from + padded(descriptionBytes);
  }
}

/**
 * An identity of a file that is the same on every machine, in hexadecimal: its GNU build id, else a
 * hash of Go's, else one of its size and its first and last 4 KiB.
 */
export function buildIdOf({ elf, sizeBytes }: OpenElf): string {
  const { gnu, go } = buildIdsOf(elf);
  if (gnu !== '') return gnu;
  const hash = createHash('sha256');
  if (go !== '') hash.update(go);
  else {
    hash.update(String(sizeBytes));
    hash.update(elf.read(0, EDGE_BYTES));
    hash.update(elf.read(Math.max(0, sizeBytes - EDGE_BYTES), EDGE_BYTES));
  }
  return hash.digest('hex').slice(0, 40);
}

/** {@link buildIdOf} the file at a path; empty where it can't be read. */
export function readBuildId(openPath: string): string {
  using open = openElf(openPath).value;
  return open ? buildIdOf(open) : '';
}
