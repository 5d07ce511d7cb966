import type { ReadAt } from './elf-file.ts';

const PAGE_BYTES = 65_536;
/** Bytes behind a page that are read with it, so that what lies across its end is in one piece. */
const MORE_BYTES = 8192;
const MAX_PAGES = 64;

/** Keeps the pages that were used last, at most 5 MB, for many small reads near each other. */
export function paged(read: ReadAt): ReadAt {
  /** In the order of their last use. */
  const pages = new Map<number, Uint8Array>();
  return (offset, length) => {
    const number = Math.floor(offset / PAGE_BYTES);
    const at = offset - number * PAGE_BYTES;
    if (at + length > PAGE_BYTES + MORE_BYTES) return read(offset, length);
    const page = pages.get(number) ?? read(number * PAGE_BYTES, PAGE_BYTES + MORE_BYTES);
    pages.delete(number);
    pages.set(number, page);
    const [oldest = number] = pages.keys();
    if (pages.size > MAX_PAGES) pages.delete(oldest);
    return page.subarray(at, at + length);
  };
}
