import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addStack, encodeProcess, STACK_BYTES } from '../sampler/ebpf-layout.ts';
import type { CodeFile } from '../sampler/executable-table.ts';
import type { Image } from '../sampler/image-table.ts';
import { encodeRule } from '../sampler/kernel-rules.ts';
import type { SampleWindow } from '../sampler/sampler.ts';
import { createWindowBuilder } from '../sampler/window-builder.ts';
import { ruleAt } from '../unwind/rule.ts';
import { layOutBlocks } from '../unwind/table-blocks.ts';
import type { UnwindTable } from '../unwind/unwind-table.ts';

/**
 * The sampling program compiled for user space, so that a walk can be tested without a kernel. What it
 * is given, and what it counts, goes through the code by which the agent talks to the one in the
 * kernel.
 */

const source = fileURLToPath(new URL('user-space/', import.meta.url));
/** Of these the first that the compiler has. */
const SANITIZERS = [['-fsanitize=address,undefined', '-fno-sanitize-recover=all'], []] as const;
const KIND = { rules: 1, table: 2, process: 3, memory: 4, sample: 5 } as const;
const HEADER_BYTES = 24;
const OUTPUT_BYTES = 64 * 2 ** 20;

/** The processor whose part of the program is compiled; all of it runs on this one. */
export type WalkArchitecture = 'x86' | 'arm64';

/** Registers that user mode was left with; `link` is arm64's only. */
export interface UserRegisters {
  readonly pc: number;
  readonly sp: number;
  readonly fp: number;
  readonly link?: number;
  /** By a system call: `pc` is the address after it. */
  readonly isInSyscall?: boolean;
}

/** A process at one instant. */
export interface WalkCase {
  readonly image: Image;
  /** Memory that can be read, from an address on. */
  readonly memory: { readonly address: number; readonly bytes: Uint8Array };
  readonly registers: UserRegisters;
  readonly kernelFrames?: number;
}

/** The program, compiled. Its folder goes when it is disposed. */
export interface UserSpaceProgram extends Disposable {
  /**
   * Samples each case once, with unwind tables by the number of their executable. Throws what the
   * program, or a sanitizer, wrote if it does not end well.
   */
  sample(
    files: readonly CodeFile[],
    tables: ReadonlyMap<number, UnwindTable>,
    cases: readonly WalkCase[],
  ): SampleWindow;
}

/**
 * Compiles the program; gives the reason where this machine has no compiler. Throws what the compiler
 * says of the program.
 */
export function compileForUserSpace(architecture: WalkArchitecture): UserSpaceProgram | string {
  if (spawnSync('cc', ['--version']).status !== 0) return 'no C compiler here';
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-walk-'));
  const path = join(folder, 'run');
  let said = '';
  for (const sanitizers of SANITIZERS) {
    const flags = ['-O1', '-g', '-w', `-D__TARGET_ARCH_${architecture}`, '-I.', ...sanitizers];
    const { status, stderr } = spawnSync('cc', [...flags, 'run.c', '-o', path], {
      cwd: source,
      encoding: 'utf8',
    });
    if (status === 0) return programAt(path, folder, architecture);
    said = stderr;
  }
  rmSync(folder, { recursive: true });
  throw new Error(`expected cc to compile the walk for user space, got ${said.slice(0, 400)}`);
}

function programAt(path: string, folder: string, architecture: WalkArchitecture): UserSpaceProgram {
  return {
    sample(files, tables, cases) {
      const { stdout, stderr, status, signal } = spawnSync(path, {
        input: Buffer.concat([
          ...tableMessages(tables),
          ...cases.flatMap(caseMessages(architecture)),
        ]),
        maxBuffer: OUTPUT_BYTES,
      });
      if (status !== 0) throw new Error(`the walk ended by ${signal ?? status}: ${stderr}`);
      return decode(stdout, files, cases);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function message(
  kind: keyof typeof KIND,
  bytes: Uint8Array,
  { number = 0, address = 0 } = {},
): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(KIND[kind], 0);
  header.writeUInt32LE(number, 4);
  header.writeBigUInt64LE(BigInt(address), 8);
  header.writeBigUInt64LE(BigInt(bytes.length), 16);
  return Buffer.concat([header, bytes]);
}

/** All rules, one table's behind another's, and the blocks that refer to them. */
function tableMessages(tables: ReadonlyMap<number, UnwindTable>): readonly Buffer[] {
  const rules: Buffer[] = [];
  const messages: Buffer[] = [];
  for (const [number, table] of tables) {
    const first = rules.length;
    for (let row = 0; row < table.rules.length; row++)
      rules.push(encodeRule(ruleAt(table.rules, row)));
    const blocks = layOutBlocks(table, (rule) => first + rule);
    if (blocks) messages.push(message('table', blocks, { number }));
  }
  return [message('rules', Buffer.concat(rules)), ...messages];
}

const caseMessages =
  (architecture: WalkArchitecture) =>
  ({ image, memory, registers, kernelFrames = 0 }: WalkCase): readonly Buffer[] => [
    message('process', encodeProcess(image)),
    message('memory', memory.bytes, { address: memory.address }),
    message('sample', REGISTERS[architecture](registers), { number: kernelFrames }),
  ];

const USER_CS = 0x33;
const NO_SYSCALL = -1n;
const SOME_SYSCALL = 1n;

/** `struct pt_regs` as bpf/kernel.h has it. */
const REGISTERS: Readonly<Record<WalkArchitecture, (registers: UserRegisters) => Uint8Array>> = {
  x86: ({ pc, sp, fp, isInSyscall = false }) =>
    words(fp, isInSyscall ? SOME_SYSCALL : NO_SYSCALL, pc, USER_CS, sp),
  arm64: ({ pc, sp, fp, link = 0, isInSyscall = false }) =>
    words(
      ...Array.from({ length: 29 }, () => 0),
      ...[fp, link, sp, pc, 0, isInSyscall ? SOME_SYSCALL : NO_SYSCALL],
    ),
};

/** 64-bit words in memory. */
export function words(...values: readonly (number | bigint)[]): Uint8Array {
  return new Uint8Array(
    BigUint64Array.from(values, (value) => BigInt.asUintN(64, BigInt(value))).buffer,
  );
}

/** The programs run here have no interpreter. */
const NO_PYTHONS = {
  name(): never {
    throw new Error('expected no frame of an interpreter, got one');
  },
};

function decode(
  bytes: Buffer,
  files: readonly CodeFile[],
  cases: readonly WalkCase[],
): SampleWindow {
  const builder = createWindowBuilder();
  const executables = { get: (number: number) => files.find((file) => file.number === number) };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  cases.forEach(({ image }, i) => {
    const counters = { evicted: 0, gone: 0 };
    const images = { get: () => image, read: () => image, forget: () => {}, counters };
    addStack(view, i * STACK_BYTES, { images, executables, pythons: NO_PYTHONS }, builder);
  });
  return builder.finish({ startMs: 0, durationNs: 0, rateHz: 1, lost: 0 });
}
