import type { UnwindTable } from './unwind-table.ts';

/** Rows in a block: `struct block` of bpf/table.h. */
export const BLOCK_ROWS = 512;
/** Bytes of a block: an address of 32 bits a row, then a rule of 16 bits a row. */
export const BLOCK_BYTES: number = BLOCK_ROWS * 6;
/** Address in unused rows: larger than any that is looked up. */
const PADDING = 0xffff_ffff;
/** Of a row of an index: it leads to another index. */
const IS_INDEX = 0x8000;
/** Blocks that a row of an index can name. */
const MAX_BLOCKS = IS_INDEX;

/**
 * Lays a table out as the kernel searches it: a tree of blocks of 512 rows, its root first. A row of
 * an index has the first address below it and the number of the block to go on in. `ruleNumber` gives
 * the number of a rule of the table among those of all tables. `undefined` where addresses need more
 * than 32 bits or there are too many blocks.
 */
export function layOutBlocks(
  table: UnwindTable,
  ruleNumber: (rule: number) => number,
): Uint8Array<ArrayBuffer> | undefined {
  const leaves = Math.ceil(table.length / BLOCK_ROWS);
  const indexes = leaves > BLOCK_ROWS ? Math.ceil(leaves / BLOCK_ROWS) : 0;
  const count = 1 + indexes + leaves;
  const lastAddress = table.base + (table.pc[table.length - 1] ?? 0);
  if (leaves === 0 || count > MAX_BLOCKS || lastAddress >= PADDING) return undefined;
  const blocks = createBlocks(count);
  const firstLeaf = 1 + indexes;
  const addressOfLeaf = (leaf: number): number => table.base + (table.pc[leaf * BLOCK_ROWS] ?? 0);
  for (let leaf = 0; leaf < leaves; leaf++) {
    const index = indexes === 0 ? 0 : 1 + Math.floor(leaf / BLOCK_ROWS);
    blocks.set(index, leaf % BLOCK_ROWS, addressOfLeaf(leaf), firstLeaf + leaf);
  }
  for (let index = 0; index < indexes; index++) {
    blocks.set(0, index, addressOfLeaf(index * BLOCK_ROWS), (1 + index) | IS_INDEX);
  }
  const numbers = Uint16Array.from({ length: table.rules.length }, (_, rule) => ruleNumber(rule));
  for (let leaf = 0; leaf < leaves; leaf++) blocks.fill(firstLeaf + leaf, leaf, table, numbers);
  return blocks.bytes;
}

function createBlocks(count: number) {
  const bytes = new Uint8Array(count * BLOCK_BYTES);
  const addresses = new Uint32Array(bytes.buffer);
  const rules = new Uint16Array(bytes.buffer);
  for (let block = 0; block < count; block++) {
    const at = (block * BLOCK_BYTES) / 4;
    addresses.fill(PADDING, at, at + BLOCK_ROWS);
  }
  return {
    bytes,
    set(block: number, row: number, address: number, rule: number): void {
      addresses[(block * BLOCK_BYTES) / 4 + row] = address;
      rules[(block * BLOCK_BYTES) / 2 + BLOCK_ROWS * 2 + row] = rule;
    },
    /** Makes a block the leaf of that number, its rules as `numbers` has them. */
    fill(block: number, leaf: number, table: UnwindTable, numbers: Uint16Array): void {
      const from = leaf * BLOCK_ROWS;
      const count = Math.min(BLOCK_ROWS, table.length - from);
      const pcAt = (block * BLOCK_BYTES) / 4;
      const ruleAt = (block * BLOCK_BYTES) / 2 + BLOCK_ROWS * 2;
      for (let row = 0; row < count; row++) {
        addresses[pcAt + row] = table.base + (table.pc[from + row] ?? 0);
        rules[ruleAt + row] = numbers[table.rule[from + row] ?? 0] ?? 0;
      }
    },
  };
}

/** The number of the rule that the kernel finds at an address: its search, for tests. */
export function searchBlocks(bytes: Uint8Array<ArrayBuffer>, address: number): number | undefined {
  const addresses = new Uint32Array(bytes.buffer);
  const rules = new Uint16Array(bytes.buffer);
  for (let block = 0, isIndex = true; ; ) {
    const at = (block * BLOCK_BYTES) / 4;
    const rows = addresses.subarray(at, at + BLOCK_ROWS);
    const row = rows.findLastIndex((first) => first <= address);
    if (row < 0) return undefined;
    const next = rules[(block * BLOCK_BYTES) / 2 + BLOCK_ROWS * 2 + row] ?? 0;
    if (!isIndex) return next;
    isIndex = (next & IS_INDEX) !== 0;
    block = next & ~IS_INDEX;
  }
}
