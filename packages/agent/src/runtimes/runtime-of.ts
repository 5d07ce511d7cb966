import type { FrameKind } from '@kube-eagle/profile';
import { findSection } from '../elf/elf-file.ts';
import { openElf } from '../elf/open-elf.ts';
import type { CodeMapping } from '../proc/maps.ts';

/** A language's runtime that a process has mapped. */
export interface Runtime {
  readonly name: RuntimeName;
  /** Row in the mappings of the file that it was told by. */
  readonly mapping: number;
  /** From the file's path, such as `3.11`; empty where that does not say. */
  readonly version: string;
}

interface Sign {
  readonly language: string;
  /** Of frames in its code. */
  readonly kind: FrameKind;
  /** The path of its file; the group is its version. */
  readonly path: RegExp;
  /** What the file's read-only data says of the version, where its path does not. */
  readonly text?: RegExp;
}

/** What is known of runtimes, in the order of preference: a JVM that embeds Python is one of Java. */
export const RUNTIMES = {
  java: {
    language: 'java',
    kind: 'jvm',
    path: /\/libjvm\.so$/,
    text: /JRE \((?:1\.)?(\d+)/,
  },
  node: {
    language: 'javascript',
    kind: 'v8js',
    path: /\/(?:node|nodejs|libnode\.so[.\d]*)$/,
    text: /node-v(\d+)\./,
  },
  deno: { language: 'javascript', kind: 'v8js', path: /\/deno$/ },
  bun: { language: 'javascript', kind: 'unknown', path: /\/bun$/ },
  dotnet: { language: 'dotnet', kind: 'dotnet', path: /\/(?:(\d+\.\d+)[^/]*\/)?libcoreclr\.so$/ },
  erlang: {
    language: 'beam',
    kind: 'beam',
    path: /\/beam(?:\.smp)?$/,
    text: /Erlang\/OTP (\d+)/,
  },
  php: {
    language: 'php',
    kind: 'php',
    path: /\/(?:lib)?php(?:-fpm|-cgi)?(\d+\.\d+)?[.\d]*(?:\.so)?$/,
    text: /PHP\/(\d+\.\d+)/,
  },
  luajit: {
    language: 'luajit',
    kind: 'luajit',
    path: /\/(?:lib)?luajit[-.\w]*$/,
    text: /LuaJIT (\d+\.\d+)/,
  },
  ruby: {
    language: 'ruby',
    kind: 'ruby',
    path: /\/(?:lib)?ruby-?(?:\.so\.)?(\d+\.\d+)?[.\d]*(?:\.so[.\d]*)?$/,
  },
  python: {
    language: 'python',
    kind: 'cpython',
    path: /\/(?:lib)?python([23]\.\d+)?[23]?[dmtu]*(?:\.so[.\d]*)?$/,
  },
  perl: {
    language: 'perl',
    kind: 'perl',
    path: /\/(?:lib)?perl(?:\.so\.)?(\d+\.\d+)?[.\d]*$/,
  },
} as const satisfies Readonly<Record<string, Sign>>;

export type RuntimeName = keyof typeof RUNTIMES;

const PIECE_BYTES = 2 ** 20;
/** Read-only data that is searched for a version: Node has 40 MB. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;
/** A version is not cut where two pieces meet. */
const OVERLAP_BYTES = 64;

/** The runtime that a process has mapped, by the paths of its files; `undefined` if none is known. */
export function runtimeOf(mappings: readonly Pick<CodeMapping, 'path'>[]): Runtime | undefined {
  for (const [name, { path }] of Object.entries(RUNTIMES) as [RuntimeName, Sign][]) {
    const mapping = mappings.findIndex((each) => path.test(each.path));
    if (mapping < 0) continue;
    return { name, mapping, version: path.exec(mappings[mapping]?.path ?? '')?.[1] ?? '' };
  }
  return undefined;
}

/**
 * The version of a runtime as its releases are called, such as `17` or `8.2`: by the path of its
 * file, else by what its data says. Empty where neither does. Nothing is run.
 */
export function runtimeVersion(
  pid: number,
  mappings: readonly CodeMapping[],
  { name, mapping, version }: Runtime,
): string {
  const { text }: Sign = RUNTIMES[name];
  const { start, end } = mappings[mapping] ?? {};
  if (version !== '' || !text || start === undefined || end === undefined) return version;
  using file = openElf(`/proc/${pid}/map_files/${start.toString(16)}-${end.toString(16)}`).value;
  const { offset = 0, size = 0 } = (file && findSection(file.elf, '.rodata')) ?? {};
  for (let at = 0; file && at < Math.min(size, MAX_TEXT_BYTES); at += PIECE_BYTES) {
    const piece = file.elf.read(offset + at, Math.min(size - at, PIECE_BYTES + OVERLAP_BYTES));
    const found = text.exec(
      Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1'),
    );
    if (found) return found[1] ?? '';
  }
  return '';
}
