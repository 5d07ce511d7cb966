import { getSystemErrorName } from 'node:util';
import { EagleError } from '@kube-eagle/profile';
import koffi, { type LibraryHandle } from 'koffi';

/**
 * The C libraries of this machine: `libbpf.so.1` and libc. The one file that knows a pointer; what
 * it gives out are numbers, buffers and disposables. Signatures: `<bpf/libbpf.h>`, `<bpf/bpf.h>`.
 */

/** Address of something that C owns. */
type Pointer = bigint;
type Bound = ReturnType<LibraryHandle['func']>;

/** Opens a library, or throws `failed_precondition` with what to install. */
function loadLibrary(name: string | null, mend: string): LibraryHandle {
  try {
    return koffi.load(name);
  } catch (cause) {
    throw new EagleError('failed_precondition', `expected ${name} on this machine; ${mend}`, {
      cause,
    });
  }
}

/** A table of C functions by their declarations, bound when first asked for. */
function bind<Names extends string>(
  open: () => LibraryHandle,
  declarations: Readonly<Record<Names, string>>,
): () => Readonly<Record<Names, Bound>> {
  let bound: Readonly<Record<Names, Bound>> | undefined;
  return () => {
    if (bound) return bound;
    const library = open();
    bound = Object.fromEntries(
      Object.entries<string>(declarations).map(([name, text]) => [name, library.func(text)]),
    ) as Record<Names, Bound>;
    return bound;
  };
}

const libc = bind(() => loadLibrary(null, 'install the C library'), {
  syscall: 'long syscall(long, const void*, int, int, int, unsigned long)',
  mmap: 'void* mmap(void*, size_t, int, int, int, long)',
  munmap: 'int munmap(void*, size_t)',
  close: 'int close(int)',
  flock: 'int flock(int, int)',
  sysconf: 'long sysconf(int)',
});

const libbpf = bind(
  () => loadLibrary('libbpf.so.1', 'apt install libbpf1 (or dnf install libbpf)'),
  {
    setPrint: 'void* libbpf_set_print(void*)',
    openMem: 'void* bpf_object__open_mem(const void*, size_t, const void*)',
    load: 'int bpf_object__load(void*)',
    closeObject: 'void bpf_object__close(void*)',
    findProgram: 'void* bpf_object__find_program_by_name(void*, const char*)',
    findMap: 'void* bpf_object__find_map_by_name(void*, const char*)',
    programFd: 'int bpf_program__fd(void*)',
    setLogBuffer: 'int bpf_program__set_log_buf(void*, void*, size_t)',
    attachPerfEvent: 'void* bpf_program__attach_perf_event(void*, int)',
    destroyLink: 'int bpf_link__destroy(void*)',
    mapFd: 'int bpf_map__fd(void*)',
    setMaxEntries: 'int bpf_map__set_max_entries(void*, uint32_t)',
    setInitialValue: 'int bpf_map__set_initial_value(void*, const void*, size_t)',
    createMap:
      'int bpf_map_create(uint32_t, const char*, uint32_t, uint32_t, uint32_t, const void*)',
    updateElem: 'int bpf_map_update_elem(int, const void*, const void*, uint64_t)',
    deleteElem: 'int bpf_map_delete_elem(int, const void*)',
    lookupElem: 'int bpf_map_lookup_elem(int, const void*, void*)',
    takeBatch:
      'int bpf_map_lookup_and_delete_batch(int, void*, void*, void*, void*, _Inout_ uint32_t*, const void*)',
    testRun: 'int bpf_prog_test_run_opts(int, void*)',
    enableStats: 'int bpf_enable_stats(int)',
    possibleCpus: 'int libbpf_num_possible_cpus()',
  },
);

const ENOENT = -2;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const SC_PAGESIZE = 30;
const PERF_FLAG_FD_CLOEXEC = 8;
const PERF_EVENT_OPEN_SYSCALL: Readonly<Record<string, number>> = { x64: 298, arm64: 241 };
const LOG_SIZE_BYTES = 1 << 16;
/** sizeof(struct bpf_test_run_opts); all but its own size stays 0. */
const TEST_RUN_OPTIONS_BYTES = 80;

/** `EPERM` of -1 and the like. */
function errorName(result: number): string {
  return result < 0 ? getSystemErrorName(result) : `error ${result}`;
}

/** A system call that failed, by the name of its error. */
export interface SystemFailure {
  readonly kind: 'failed';
  /** Such as `EACCES`. */
  readonly error: string;
}

/** Size of a memory page. */
export function pageSizeBytes(): number {
  return Number(libc()['sysconf'](SC_PAGESIZE));
}

/**
 * perf_event_open(2) for a thread, or for every thread of a CPU where `pid` is -1. Gives a
 * descriptor that the caller closes.
 */
export function perfEventOpen(
  attributes: Uint8Array,
  pid: number,
  cpu: number,
): number | SystemFailure {
  const number = PERF_EVENT_OPEN_SYSCALL[process.arch];
  if (number === undefined) return { kind: 'failed', error: 'ENOSYS' };
  const fd = Number(libc()['syscall'](number, attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC));
  return fd >= 0 ? fd : { kind: 'failed', error: errorName(-koffi.errno()) };
}

/** close(2). */
export function closeFd(fd: number): void {
  libc()['close'](fd);
}

/** Memory shared with the kernel. Its bytes must not be touched after it is disposed. */
export interface SharedMemory extends Disposable {
  readonly bytes: ArrayBuffer;
}

/** mmap(2) of a descriptor's pages. */
export function mapShared(
  fd: number,
  {
    sizeBytes,
    offset = 0,
    isWritable,
  }: { sizeBytes: number; offset?: number; isWritable: boolean },
): SharedMemory | SystemFailure {
  const protection = isWritable ? PROT_READ | PROT_WRITE : PROT_READ;
  const at: Pointer = libc()['mmap'](null, sizeBytes, protection, MAP_SHARED, fd, offset);
  if (at === MAP_FAILED) return { kind: 'failed', error: errorName(-koffi.errno()) };
  return {
    bytes: koffi.view(at, sizeBytes),
    [Symbol.dispose]: () => libc()['munmap'](at, sizeBytes),
  };
}

/** LOCK_EX and LOCK_NB of <sys/file.h>. */
const EXCLUSIVE_AT_ONCE = 2 | 4;

/**
 * flock(2): `false` where another has locked the file. The kernel unlocks it when it is closed; on
 * file systems that know no locks nobody ever has.
 */
export function lockFile(fd: number): boolean {
  const locked = libc()['flock'](fd, EXCLUSIVE_AT_ONCE) === 0;
  return locked || errorName(-koffi.errno()) !== 'EAGAIN';
}

/** Calls back on the event loop whenever a descriptor has something to read. */
export function watchFd(fd: number, onReadable: () => void): Disposable {
  const handle = koffi.node.poll(fd, { readable: true }, () => {
    try {
      onReadable();
    } catch (error) {
      // Thrown through C it would end the process without a word of why.
      queueMicrotask(() => {
        throw error;
      });
    }
  });
  // Its owner keeps the process alive, not the wait for an event.
  handle.unref();
  return { [Symbol.dispose]: () => handle.close() };
}

/** A key and value store in the kernel. Keys and values are bytes as the program lays them out. */
export interface BpfMap {
  readonly fd: number;
  /** Whether there was room. */
  update(key: Uint8Array, value: Uint8Array): boolean;
  /** The same without holding up the event loop: a map of maps waits for all CPUs. */
  put(key: Uint8Array, value: Uint8Array): Promise<boolean>;
  delete(key: Uint8Array): void;
  /** The same without holding up the event loop. */
  remove(key: Uint8Array): Promise<void>;
  /** Reads into `value`; whether the key was there. */
  lookup(key: Uint8Array, value: Uint8Array): boolean;
  /**
   * Moves entries out, as many as the buffers have room for; `cursor` is carried from one call to
   * the next. Throws `internal` where the kernel refuses.
   */
  take(batch: BpfBatch): { readonly count: number; readonly isLast: boolean };
}

/** Buffers of {@link BpfMap.take}. */
export interface BpfBatch {
  readonly capacity: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
  readonly cursor: Uint8Array;
  /** Whether `cursor` is to be begun with. */
  readonly isFirst: boolean;
}

function openMap(fd: number): BpfMap {
  const bpf = libbpf();
  return {
    fd,
    update: (key, value) => bpf['updateElem'](fd, key, value, 0) === 0,
    put: (key, value) =>
      new Promise((resolve) => {
        bpf['updateElem'].async(fd, key, value, 0, (_: unknown, result: number) =>
          resolve(result === 0),
        );
      }),
    delete: (key) => {
      bpf['deleteElem'](fd, key);
    },
    remove: (key) =>
      new Promise((resolve) => {
        bpf['deleteElem'].async(fd, key, () => resolve());
      }),
    lookup: (key, value) => bpf['lookupElem'](fd, key, value) === 0,
    take({ capacity, keys, values, cursor, isFirst }) {
      const count = [capacity];
      const from = isFirst ? null : cursor;
      const result: number = bpf['takeBatch'](fd, from, cursor, keys, values, count, null);
      if (result !== 0 && result !== ENOENT) {
        throw new EagleError('internal', `expected to drain a BPF map, got ${errorName(result)}`);
      }
      return { count: count[0] ?? 0, isLast: result === ENOENT };
    },
  };
}

const BPF_MAP_TYPE_ARRAY = 2;
/** BPF_F_MMAPABLE and BPF_F_INNER_MAP. */
const TABLE_FLAGS = 0x400 | 0x1000;
/** struct bpf_map_create_opts: its own size first, the flags at 28. */
const MAP_OPTIONS_BYTES = 48;
const MAP_FLAGS_OFFSET = 28;

/** An array in the kernel that holds `bytes`. Gives a descriptor that the caller closes. */
export function createBlockArray(bytes: Uint8Array, blockBytes: number): number | SystemFailure {
  const options = Buffer.alloc(MAP_OPTIONS_BYTES);
  options.writeUInt32LE(MAP_OPTIONS_BYTES);
  options.writeUInt32LE(TABLE_FLAGS, MAP_FLAGS_OFFSET);
  const count = bytes.length / blockBytes;
  const shape = [BPF_MAP_TYPE_ARRAY, 'table', 4, blockBytes, count];
  const fd: number = libbpf()['createMap'](...shape, options);
  if (fd < 0) return { kind: 'failed', error: errorName(fd) };
  const page = pageSizeBytes();
  const sizeBytes = Math.ceil(bytes.length / page) * page;
  const memory = mapShared(fd, { sizeBytes, isWritable: true });
  if (!('bytes' in memory)) {
    closeFd(fd);
    return memory;
  }
  new Uint8Array(memory.bytes).set(bytes);
  memory[Symbol.dispose]();
  return fd;
}

/** What is fixed before a program is loaded. */
export interface BpfOptions {
  readonly maxEntries: Readonly<Record<string, number>>;
  /** Bytes of its constants (`.rodata`). */
  readonly constants: Uint8Array;
  /** Programs that must load; the end of the verifier's log is reported for these. */
  readonly programs: readonly string[];
}

/** Programs and maps that are in the kernel until this is disposed. */
export interface BpfObject extends Disposable {
  map(name: string): BpfMap;
  /** Runs a program at every event of `perfFd`, which it then owns. Dispose to end it. */
  attachPerfEvent(program: string, perfFd: number): Disposable;
  /** Runs a program once, now. */
  runOnce(program: string): void;
}

function found(pointer: Pointer | null, what: string): Pointer {
  if (pointer) return pointer;
  throw new EagleError('internal', `expected ${what} in the BPF object; build it again`);
}

function textAt(pointer: Pointer, sizeBytes: number): string {
  const text = Buffer.from(koffi.view(pointer, sizeBytes)).toString('latin1');
  return text.slice(0, text.indexOf('\0')).trim().split('\n').slice(-3).join('; ');
}

function refusal(result: number, log: string): EagleError {
  const name = errorName(result);
  const mend =
    name === 'EPERM' || name === 'EACCES'
      ? 'run as root, or with CAP_BPF and CAP_PERFMON (CAP_SYS_RESOURCE too before 5.11)'
      : 'needs Linux 5.10 or later with BTF';
  const said = log === '' ? '' : `; the verifier says: ${log}`;
  return new EagleError(
    'failed_precondition',
    `expected the kernel to take the BPF program, got ${name}; ${mend}${said}`,
  );
}

/**
 * Loads an object file, off the main thread since verification takes tens of milliseconds. libbpf
 * raises RLIMIT_MEMLOCK itself where the kernel (before 5.11) still counts maps against it. Throws
 * `failed_precondition` where libbpf is missing or the kernel refuses.
 */
export async function loadBpfObject(
  bytes: Uint8Array,
  { maxEntries, constants, programs }: BpfOptions,
): Promise<BpfObject> {
  const bpf = libbpf();
  bpf['setPrint'](null);
  const object: Pointer | null = bpf['openMem'](bytes, bytes.length, null);
  if (!object) throw refusal(-koffi.errno(), '');
  const mapOf = (name: string): Pointer => found(bpf['findMap'](object, name), `the map ${name}`);
  const programOf = (name: string): Pointer =>
    found(bpf['findProgram'](object, name), `the program ${name}`);
  const logs = programs.map((): Pointer => koffi.alloc('uint8_t', LOG_SIZE_BYTES));
  try {
    for (const [name, entries] of Object.entries(maxEntries)) {
      bpf['setMaxEntries'](mapOf(name), entries);
    }
    bpf['setInitialValue'](mapOf('.rodata'), constants, constants.length);
    programs.forEach((name, i) => {
      bpf['setLogBuffer'](programOf(name), logs[i], LOG_SIZE_BYTES);
    });
    const result = await new Promise<number>((resolve, reject) => {
      bpf['load'].async(object, (error: unknown, value: number) =>
        error ? reject(error) : resolve(value),
      );
    });
    if (result !== 0) {
      throw refusal(result, logs.map((log) => textAt(log, LOG_SIZE_BYTES)).find(Boolean) ?? '');
    }
  } catch (error) {
    bpf['closeObject'](object);
    throw error;
  } finally {
    for (const log of logs) koffi.free(log);
  }
  return loadedObject(object, mapOf, programOf);
}

function loadedObject(
  object: Pointer,
  mapOf: (name: string) => Pointer,
  programOf: (name: string) => Pointer,
): BpfObject {
  const bpf = libbpf();
  return {
    map: (name) => openMap(bpf['mapFd'](mapOf(name))),
    attachPerfEvent(program, perfFd) {
      const link: Pointer | null = bpf['attachPerfEvent'](programOf(program), perfFd);
      if (!link) {
        const error = errorName(-koffi.errno());
        closeFd(perfFd);
        throw new EagleError('failed_precondition', `expected to attach ${program}, got ${error}`);
      }
      // Closing the descriptor would not end it: the link holds it too.
      return { [Symbol.dispose]: () => bpf['destroyLink'](link) };
    },
    runOnce(program) {
      const options = new Uint8Array(TEST_RUN_OPTIONS_BYTES);
      options[0] = TEST_RUN_OPTIONS_BYTES;
      const result: number = bpf['testRun'](bpf['programFd'](programOf(program)), options);
      if (result !== 0) throw refusal(result, '');
    },
    [Symbol.dispose]: () => bpf['closeObject'](object),
  };
}

/** CPUs this machine may ever have: per-CPU values come for each of them. */
export function possibleCpus(): number {
  return Number(libbpf()['possibleCpus']());
}

/**
 * Makes the kernel measure every BPF program until disposed, at some 20 ns a run. It shows the
 * figures in /proc/self/fdinfo.
 */
export function countRuns(): Disposable {
  const fd: number = libbpf()['enableStats'](0);
  return {
    [Symbol.dispose]: () => {
      if (fd >= 0) closeFd(fd);
    },
  };
}

/** Throws `failed_precondition`, with what to install, unless libbpf can be loaded. */
export function requireLibbpf(): void {
  libbpf();
}
