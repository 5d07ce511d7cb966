import { crc32 } from 'node:zlib';
import { CFA, FP, type Rules } from './rule.ts';
import type { UnwindTable } from './unwind-table.ts';

/**
 * How an unwind table lies on disk: a header, then columns, then the build id of its file. All numbers
 * are little-endian, as on every processor that has a BPF object here.
 *
 *   0  `EAGU`, then the version                8  CRC-32 of all that follows it
 *   12 rows      16 rules      20 skipped      24 base, a double
 *   32 pc u32 and, by rule, cfaOffset i32; rule u16 and, by rule, fpOffset i16, cfa u8, fp u8; build id
 */
const MAGIC = 0x55474145;
/** Grows with the layout, and whenever the same file gives other rows than before. */
const VERSION = 1;
const CHECKED_FROM = 12;
const HEADER_BYTES = 32;
const ROW_BYTES = 6;
const RULE_BYTES = 8;

const MAX_CFA = Math.max(...Object.values(CFA));
const MAX_FP = Math.max(...Object.values(FP));

/** The bytes of a table's file. */
export function encodeTable(buildId: string, table: UnwindTable): Uint8Array {
  const { rules } = table;
  const columns = [
    table.pc,
    rules.cfaOffset,
    table.rule,
    rules.fpOffset,
    rules.cfa,
    rules.fp,
    Buffer.from(buildId, 'latin1'),
  ].map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength));
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...columns]);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(VERSION, 4);
  bytes.writeUInt32LE(table.length, 12);
  bytes.writeUInt32LE(rules.length, 16);
  bytes.writeUInt32LE(table.skipped, 20);
  bytes.writeDoubleLE(table.base, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(CHECKED_FROM)), 8);
  return bytes;
}

/**
 * The table in a file's bytes, whose columns are views of them; `undefined` unless they are whole, as
 * they were written, of this version and build id, and a table that {@link UnwindTable} allows.
 */
export function decodeTable(buildId: string, read: Uint8Array): UnwindTable | undefined {
  if (read.length < HEADER_BYTES) return undefined;
  // Columns begin where the width of their numbers allows it; what a pool of buffers gives may not.
  const { buffer, byteOffset, byteLength } = read.byteOffset % 8 === 0 ? read : read.slice();
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(4) !== VERSION) return undefined;
  const length = bytes.readUInt32LE(12);
  const ruleCount = bytes.readUInt32LE(16);
  const idAt = HEADER_BYTES + length * ROW_BYTES + ruleCount * RULE_BYTES;
  if (bytes.toString('latin1', idAt) !== buildId || byteLength !== idAt + buildId.length) {
    return undefined;
  }
  if (bytes.readUInt32LE(8) !== crc32(bytes.subarray(CHECKED_FROM))) return undefined;
  const cfaOffsetAt = byteOffset + HEADER_BYTES + length * 4;
  const ruleAt = cfaOffsetAt + ruleCount * 4;
  const fpOffsetAt = ruleAt + length * 2;
  const cfaAt = fpOffsetAt + ruleCount * 2;
  const table: UnwindTable = {
    length,
    pc: new Uint32Array(buffer, byteOffset + HEADER_BYTES, length),
    rule: new Uint16Array(buffer, ruleAt, length),
    rules: {
      length: ruleCount,
      cfa: new Uint8Array(buffer, cfaAt, ruleCount),
      fp: new Uint8Array(buffer, cfaAt + ruleCount, ruleCount),
      cfaOffset: new Int32Array(buffer, cfaOffsetAt, ruleCount),
      fpOffset: new Int16Array(buffer, fpOffsetAt, ruleCount),
    },
    base: bytes.readDoubleLE(24),
    skipped: bytes.readUInt32LE(20),
  };
  return isSound(table) ? table : undefined;
}

/** Rows in order, rules that are there, kinds that are known. */
function isSound({ length, pc, rule, rules, base }: UnwindTable): boolean {
  if (!Number.isSafeInteger(base) || base < 0) return false;
  for (let row = 0; row < length; row++) {
    if (row > 0 && (pc[row] ?? 0) <= (pc[row - 1] ?? 0)) return false;
    if ((rule[row] ?? 0) >= rules.length) return false;
  }
  return areKnown(rules);
}

function areKnown({ cfa, fp }: Rules): boolean {
  return cfa.every((kind) => kind <= MAX_CFA) && fp.every((kind) => kind <= MAX_FP);
}
