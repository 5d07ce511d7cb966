/** One entry of an archive: a file, a folder or a symbolic link, by its mode. */
export interface ArchiveEntry {
  /** Without a leading slash; folders come before what lies in them. */
  readonly path: string;
  /** Type and rights, as stat(2) has them. */
  readonly mode: number;
  /** Bytes of a file, target of a link, nothing for a folder. */
  readonly content: Uint8Array;
}

const MAGIC = '070701';
const FOLDER_MODE = 0o40_755;
const LAST: ArchiveEntry = { path: 'TRAILER!!!', mode: 0, content: new Uint8Array() };

/** A folder that everybody may enter. */
export const folderEntry = (path: string): ArchiveEntry => ({
  path,
  mode: FOLDER_MODE,
  content: new Uint8Array(),
});

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3);

/**
 * The pieces of an archive that Linux unpacks as its first root file system: cpio's `newc` format
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
export function* writeCpio(entries: Iterable<ArchiveEntry>): Generator<Uint8Array> {
  let inode = 1;
  for (const entry of [...entries, LAST]) {
    const { path, mode, content } = entry;
    const name = Buffer.from(`${path}\0`);
    // inode, mode, owner, group, links, time, size, four device numbers, size of the name, no sum
    const fields = [inode++, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
    const head = Buffer.concat([Buffer.from(MAGIC + header), name]);
    yield head;
    yield padding(head.length);
    yield content;
    yield padding(content.length);
  }
}
