import { type ElfFile, PF, PT } from '../elf/elf-file.ts';
import { type Rule, SIGNAL, STOP } from './rule.ts';

/** Code whose rule is known by its bytes. */
export interface KnownCode {
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  readonly rule: Rule;
}

/** Of code that is looked through; musl itself has 0.6 MB. */
const MAX_CODE_BYTES = 64 * 2 ** 20;

const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** `xor %rbp,%rbp; mov %rsp,%rdi; lea …(%rip),%rsi`: arch/x86_64/crt_arch.h of musl. */
const ENTRY = bytesOf('48 31 ed 48 89 e7 48 8d 35');
/**
 * What follows a call that nothing returns from, as compilers write `exit(main(…))` and
 * `__pthread_exit(start(…))`, and the assembly of `clone`: the result becomes an argument.
 */
const AFTER_OUTERMOST = ['89 c7 e8', '48 89 c7 e8', '89 c7 31 c0 b0 3c 0f 05'].map(bytesOf);
/** `mov $15,%rax; syscall`, which handlers of signals return to: `__restore_rt` of musl. */
const SIGNAL_RETURN = bytesOf('48 c7 c0 0f 00 00 00 0f 05');

/**
 * Where stacks begin in musl and in programs that contain it, in order of address. It is built without
 * call frame information, and frame pointers lead nowhere there, as it keeps none. Empty for other
 * files.
 */
export function muslCode(elf: ElfFile): readonly KnownCode[] {
  const { machine, entry, segments, read } = elf;
  const code = segments.find(
    ({ type, flags, address, fileSize }) =>
      type === PT.load && flags & PF.execute && entry >= address && entry < address + fileSize,
  );
  if (machine !== 'x86-64' || !code) return [];
  if (!ENTRY.equals(read(code.offset + entry - code.address, ENTRY.length))) return [];
  const bytes = read(code.offset, Math.min(code.fileSize, MAX_CODE_BYTES));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const known: KnownCode[] = [];
  const add = (from: number, to: number, rule: Rule): void => {
    known.push({ start: code.address + from, end: code.address + to, rule });
  };
  for (const after of AFTER_OUTERMOST) {
    for (const at of placesOf(text, after)) if (isCall(text, at - 2)) add(at - 2, at, STOP);
  }
  // The walk looks for the byte before a return address, which is where a handler returns to.
  for (const at of placesOf(text, SIGNAL_RETURN)) add(at - 1, at + SIGNAL_RETURN.length, SIGNAL);
  return known.sort((a, b) => a.start - b.start);
}

function* placesOf(text: Buffer, wanted: Buffer): Iterable<number> {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) yield at;
}

/** Whether two bytes call what a register holds or points to. */
const isCall = (text: Buffer, at: number): boolean =>
  text[at] === 0xff && [0xd0, 0x10].includes((text[at + 1] ?? 0) & 0xf8);
