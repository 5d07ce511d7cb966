import type { UnwindTable } from './unwind-table.ts';

/** Rows in a block, as in `struct block` of the BPF program. */
export const BLOCK_ROWS = 512;
/** Bytes of a block: 512 × u32 address, then 512 × u16 rule. */
export const BLOCK_BYTES: number = BLOCK_ROWS * 6;
/** Address in unused rows: larger than any that is looked up. */
const PADDING = 0xffff_ffff;

/** A table as the kernel searches it. */
export interface TableBlocks {
  /** Blocks of the index, which come first, one row a data block. */
  readonly indexBlocks: number;
  readonly dataBlocks: number;
  /** All blocks, `BLOCK_BYTES` each. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Lays a table out in blocks: a search goes through the index (the first address of each data
 * block), then through one data block, nine steps each. `ruleNumber` gives the number of a rule of
 * the table among those of all tables.
 */
export function layOutBlocks(
  table: UnwindTable,
  ruleNumber: (rule: number) => number,
): TableBlocks {
  const dataBlocks = Math.ceil(table.length / BLOCK_ROWS);
  const indexBlocks = Math.ceil(dataBlocks / BLOCK_ROWS);
  const bytes = new Uint8Array((indexBlocks + dataBlocks) * BLOCK_BYTES);
  const addresses = (block: number): Uint32Array =>
    new Uint32Array(bytes.buffer, block * BLOCK_BYTES, BLOCK_ROWS);
  const rules = (block: number): Uint16Array =>
    new Uint16Array(bytes.buffer, block * BLOCK_BYTES + BLOCK_ROWS * 4, BLOCK_ROWS);
  for (let block = 0; block < indexBlocks; block++) addresses(block).fill(PADDING);
  for (let block = 0; block < dataBlocks; block++) {
    const first = block * BLOCK_ROWS;
    const count = Math.min(BLOCK_ROWS, table.length - first);
    addresses(Math.floor(block / BLOCK_ROWS))[block % BLOCK_ROWS] = table.pc[first] ?? PADDING;
    const blockAddresses = addresses(indexBlocks + block);
    blockAddresses.set(table.pc.subarray(first, first + count));
    blockAddresses.fill(PADDING, count);
    const blockRules = rules(indexBlocks + block);
    for (let row = 0; row < count; row++) {
      blockRules[row] = ruleNumber(table.rule[first + row] ?? 0);
    }
  }
  return { indexBlocks, dataBlocks, bytes };
}
