import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ROOT } from '../harness.ts';

/** A program whose profile is known: seven tenths below one function, three below another. */
export interface Program {
  readonly name: string;
  /** What it is built and run with; where one of these is not here, neither is the program. */
  readonly needs: readonly string[];
  /** Makes it in a folder of its own; gives its command line, which the seconds to run are put to. */
  readonly make: (folder: string) => readonly string[];
  /**
   * Functions that nearly all of its stacks go through, the outermost first, as regular expressions;
   * empty where its own functions have no names, so that only whether its stacks are whole is known.
   */
  readonly through: readonly string[];
}

/** Builds a source of golden/programs; gives the path of what was built. */
function built(folder: string, [tool = '', ...words]: readonly string[], source: string): string {
  const path = join(folder, 'shares');
  const file = join(ROOT, 'golden/programs', source);
  execFileSync(tool, [...words, '-o', path, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  return path;
}

/** A program that a compiler makes of a source; `kind` is its first argument. */
function compiled(
  name: string,
  source: string,
  {
    by,
    kind = [],
    needs = [],
    through,
  }: {
    readonly by: readonly string[];
    readonly kind?: readonly string[];
    readonly needs?: readonly string[];
    readonly through: readonly string[];
  },
): Program {
  return {
    name,
    needs: [by[0] ?? '', ...needs],
    make: (folder) => [built(folder, by, source), ...kind],
    through,
  };
}

const FRAMELESS = ['-O2', '-fomit-frame-pointer'];
const CC = ['cc', ...FRAMELESS];
const CXX = ['c++', ...FRAMELESS, '-fno-builtin'];
const SPEND = 'spend_seventy|spend_thirty';
const SYSCALL = ['entry_SYSCALL_64_after_hwframe', 'do_syscall_64'];

function hidden(kind: string, name: string, through: readonly string[]): Program {
  const needs = kind === 'plugin' ? ['/lib/x86_64-linux-gnu/libcrypt.so.1'] : [];
  const path = ['main', SPEND, ...through];
  return compiled(name, 'hidden.cpp', { by: CXX, kind: [kind], needs, through: path });
}

function script(
  name: string,
  command: readonly string[],
  source: string,
  through: readonly string[],
): Program {
  return {
    name,
    needs: command.slice(0, 1),
    make: () => [...command, join(ROOT, 'golden/programs', source)],
    through,
  };
}

/** A function that V8 put into its caller has no frame of its own, and perf maps do not tell of it. */
const NO_INLINING = ['--no-turbo-inlining', '--no-maglev-inlining'];
const NODE = ['--perf-basic-prof', '--interpreted-frames-native-stack', ...NO_INLINING];
const JAVA = ['-XX:+PreserveFramePointer', '-Xcomp', '-XX:CompileCommand=quiet'];

const GO = ['runtime\\.goexit.*', `main\\.(${SPEND})`, 'main\\.work'];

/** The system's Python, whose headers the system has. */
const PYTHON = '/usr/bin/python3';
const PYTHON_HEADERS = existsSync(PYTHON)
  ? `/usr/include/${basename(realpathSync(PYTHON))}/Python.h`
  : '/usr/include/python3/Python.h';

/** The programs of the suite. */
export const PROGRAMS: readonly Program[] = [
  compiled('C', 'shares.c', {
    by: CC,
    kind: ['compute'],
    through: ['_start', 'main', SPEND, 'compute'],
  }),
  compiled('C, getrandom', 'shares.c', {
    by: CC,
    kind: ['random'],
    through: ['main', SPEND, 'fill', 'getrandom', ...SYSCALL, 'get_random_bytes_user'],
  }),
  compiled('C, pipe', 'shares.c', {
    by: CC,
    kind: ['pipe'],
    through: ['main', SPEND, 'copy', 'read|write', ...SYSCALL, 'vfs_(read|write)'],
  }),
  compiled('C, static, musl', 'shares.c', {
    by: ['musl-gcc', '-static', ...FRAMELESS],
    kind: ['compute'],
    through: ['main', SPEND, 'compute'],
  }),
  hidden('recursion', 'C++, recursion', ['recurse', 'recurse', 'spend']),
  hidden('callback', 'C++, callbacks', ['call_back', 'spend']),
  hidden('exception', 'C++, exceptions', ['throw_far', 'recurse', 'recurse']),
  hidden('signal', 'C++, signals', ['recurse', 'interrupt', 'raise', 'on_signal', 'spend']),
  hidden('plt', 'C++, PLT', ['recurse', 'recurse', 'call_stubs']),
  hidden('plugin', 'C++, dlopen', ['recurse', 'recurse', 'call_plugin', 'x?crypt.*']),
  compiled('Rust', 'shares.rs', {
    by: ['rustc', '-O'],
    through: ['clone3?', `.*(${SPEND})`, '.*work', '.*descend'],
  }),
  compiled('Go', 'shares.go', { by: ['go', 'build'], through: GO }),
  compiled('Go, stripped', 'shares.go', {
    by: ['go', 'build', '-ldflags=-s -w'],
    through: GO,
  }),
  compiled('Go, cgo', 'shares-cgo.go', {
    by: ['go', 'build'],
    needs: ['cc'],
    through: [`main\\.(${SPEND})`, 'runtime\\.cgocall', 'in_c|.*_in_c', 'compute'],
  }),
  {
    name: 'Java 17',
    needs: ['javac', 'java'],
    make(folder) {
      execFileSync('javac', ['-d', folder, join(ROOT, 'golden/programs/Shares.java')]);
      const only = ['compileonly', 'dontinline'].map(
        (what) => `-XX:CompileCommand=${what},Shares.*`,
      );
      return ['java', ...JAVA, ...only, '-cp', folder, 'Shares'];
    },
    through: ['.*Shares.main.*', `.*Shares.(${SPEND}).*`, '.*Shares.work.*'],
  },
  script('Node 20', ['/usr/bin/node', ...NODE], 'shares.cjs', [SPEND]),
  script('Node 24', [process.execPath, ...NODE], 'shares.cjs', [SPEND]),
  script('Python', ['python3'], 'shares.py', ['<module>', SPEND, 'work']),
  {
    name: 'Python, C extension',
    needs: ['cc', PYTHON, PYTHON_HEADERS],
    make(folder) {
      const flags = ['-O2', '-fomit-frame-pointer', '-shared', '-fPIC'];
      const include = `-I${dirname(PYTHON_HEADERS)}`;
      const module = join(folder, 'calling_back.so');
      const source = join(ROOT, 'golden/programs/calling-back.c');
      execFileSync('cc', [...flags, include, '-o', module, source]);
      return [PYTHON, join(ROOT, 'golden/programs/shares-extension.py'), folder];
    },
    through: ['<module>', SPEND, 'apply', 'call_back', 'inner_(seventy|thirty)', 'work'],
  },
];

/** A program that the kernel program does not walk. */
export const OF_32_BITS: Program = compiled('C, 32-bit', 'shares.c', {
  by: [...CC, '-m32'],
  kind: ['compute'],
  needs: ['/usr/lib32/crt1.o'],
  through: [],
});

/** What a program needs and is not here; `undefined` if it has all. */
export function missingOf({ needs }: Program): string | undefined {
  return needs.find((need) =>
    need.startsWith('/') ? !existsSync(need) : spawnSync('which', [need]).status !== 0,
  );
}
