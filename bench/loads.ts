import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What keeps a machine busy until it is disposed. */

const BUSY = `
  const rows = Array.from({ length: 2000 }, (_, i) => ({ id: i, name: 'n' + (i * 7919 % 2000) }));
  const byName = (a, b) => a.name < b.name ? -1 : 1;
  function work() { return JSON.parse(JSON.stringify(rows)).sort(byName).length; }
  for (;;) work();`;

/** One busy process a CPU, each with functions to tell apart. */
export function busyCpus(): Disposable {
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn('node', ['-e', BUSY], { stdio: 'ignore' }),
  );
  return { [Symbol.dispose]: () => end(children) };
}

/** A unit that a compiler is through with in a few hundredths of a second. */
const UNIT = `#include <stdio.h>
#include <stdlib.h>
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
int main(int argc, char **argv) {
  int numbers[64];
  for (int i = 0; i < 64; i++) numbers[i] = i * 7919 % 64 + argc;
  qsort(numbers, 64, sizeof(int), compare);
  return printf("%s %d", argv[0], numbers[7]);
}
`;
/** More than are compiled while anybody measures. */
const UNITS = 100_000;

/** `make -j` with a job a CPU: a driver, a compiler, an assembler and a shell for each small unit. */
export function compilerFarm(): Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-farm-'));
  writeFileSync(join(folder, 'unit.c'), UNIT);
  const rules = `all: $(shell seq -f %g.o ${UNITS})\n%.o:\n\t@cc -O1 -c unit.c -o $@ ; true\n`;
  writeFileSync(join(folder, 'Makefile'), rules);
  const jobs = `-j${availableParallelism()}`;
  const make = spawn('make', [jobs, '-s'], { cwd: folder, stdio: 'ignore', detached: true });
  return {
    [Symbol.dispose]() {
      // Its jobs are in its process group.
      if (make.pid !== undefined) process.kill(-make.pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * argv: how many processes, and milliseconds between two times that each works for one. Its frames
 * can't be found without an unwind table. All end with the first.
 */
const NAPPERS = `#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
static volatile unsigned sum;
__attribute__((noinline)) static unsigned dig(unsigned depth, unsigned seed) {
  unsigned result = depth == 0 ? 0 : dig(depth - 1, seed * 31 + depth) + 1;
  sum += result;
  return result;
}
__attribute__((noinline)) static void work(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long begin = now.tv_sec * 1000000000L + now.tv_nsec, at = begin;
  while (at - begin < 1000000) {
    dig(20, (unsigned)at);
    clock_gettime(CLOCK_MONOTONIC, &now);
    at = now.tv_sec * 1000000000L + now.tv_nsec;
  }
}
int main(int argc, char **argv) {
  int count = atoi(argv[1]), period = atoi(argv[2]) * 1000;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int child = 1; child < count; child++) {
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      usleep((long)child * period / count);
      break;
    }
  }
  for (;;) {
    work();
    usleep(period);
  }
}
`;

/** Processes of one program that work for a millisecond once in `periodMs` each. */
export function nappers(count: number, periodMs: number): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-nap-'));
  const path = join(folder, 'nap');
  execFileSync('cc', ['-O2', '-fomit-frame-pointer', '-x', 'c', '-', '-o', path], {
    input: NAPPERS,
  });
  // Last in turn: what is measured must not wait for all of them where the machine has other work.
  const argv = ['-n', '19', path, String(count), String(periodMs)];
  const child = spawn('nice', argv, { stdio: 'ignore' });
  return {
    path,
    [Symbol.dispose]() {
      end([child]);
      rmSync(folder, { recursive: true });
    },
  };
}

function end(children: readonly ChildProcess[]): void {
  for (const child of children) child.kill('SIGKILL');
}
