import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createEbpfDriver } from './ebpf.ts';
import { ADDRESS_SPACES, type SampleWindow, STACK_ENDS } from './sampler.ts';
import { cannotSample, warmUp } from './testing.ts';

const skip = cannotSample('rights', 'btf', 'libbpf', 'kernel');
const SAMPLES = 1_000;
const MOST_WINDOWS = 120;
const ANONYMOUS = ADDRESS_SPACES.indexOf('anonymous');

const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
test.after(() => rmSync(folder, { recursive: true }));

const LUA = `local function spend(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
while true do spend(1e5) end`;
const PHP = `<?php function spend($n) { $s = 0; for ($i = 0; $i < $n; $i++) $s += $i % 7; return $s; }
while (true) spend(100000);`;
const ERLANG = `-module(spin).
-export([main/0, spend/2]).
spend(0, S) -> S;
spend(N, S) -> spend(N - 1, S + N rem 7).
main() -> spend(100000, 0), lists:sort([3, 1, 2]), main().`;
const JAVA = `public class Spin {
  static long spend(long n) { long s = 0; for (long i = 0; i < n; i++) s += i % 7; return s; }
  public static void main(String[] a) { for (long s = 0; ; s += spend(100000)) if (s == 42) return; }
}`;

/** A compiler that runs for ever: HotSpot compiles ever more of it, beyond where its code ended before. */
const COMPILER = `import java.net.URI;
import java.util.*;
import javax.tools.*;
public class Compiler {
  public static void main(String[] a) throws Exception {
    StringBuilder text = new StringBuilder("public class G {");
    for (int i = 0; i < 500; i++)
      text.append("static int f" + i + "(int x) { var l = new java.util.ArrayList<Integer>();"
        + " for (int i = 0; i < x; i++) l.add(i); return l.stream().mapToInt(y -> y + 1).sum(); }");
    String source = text + "}";
    var file = new SimpleJavaFileObject(URI.create("string:///G.java"), JavaFileObject.Kind.SOURCE) {
      public CharSequence getCharContent(boolean b) { return source; }
    };
    var compiler = ToolProvider.getSystemJavaCompiler();
    var options = List.of("-proc:none", "-d", a[0]);
    while (true) compiler.getTask(null, null, null, options, null, List.of(file)).call();
  }
}`;

interface Tally {
  samples: number;
  /** Of them, those with a frame in generated code. */
  generated: number;
  /** Of these, those whose walk came to its end, and all their frames. */
  whole: number;
  frames: number;
  /** Those whose walk came to its end by a guess. */
  guessed: number;
  /** Cut in generated code, as it kept no frame pointer. */
  frameless: number;
}

function count({ stacks, frames }: SampleWindow, tally: Tally): void {
  for (let row = 0; row < stacks.length; row++) {
    const times = stacks.count[row] ?? 0;
    const space = frames.space.slice(stacks.firstFrame[row], stacks.firstFrame[row + 1]);
    tally.samples += times;
    if (!space.includes(ANONYMOUS)) continue;
    tally.generated += times;
    tally.frames += times * space.length;
    const end = STACK_ENDS[stacks.end[row] ?? 0];
    if (end === 'complete') tally.whole += times;
    else if (end === 'guessed') tally.guessed += times;
    else if (end === 'bad_guess' && space.at(-1) === ANONYMOUS) tally.frameless += times;
  }
}

async function tallyOf(command: string, args: readonly string[]): Promise<Tally> {
  const child = spawn(command, args, { stdio: 'ignore', cwd: folder });
  try {
    await using sampler = await createEbpfDriver({ nowMs: Date.now }).open({
      rateHz: 499,
      windowMs: 1_000,
      pids: [child.pid ?? 0],
    });
    const tally = { samples: 0, generated: 0, whole: 0, frames: 0, guessed: 0, frameless: 0 };
    const isWarm = warmUp(sampler);
    const enough = new AbortController();
    let windows = 0;
    for await (const window of sampler.windows(enough.signal)) {
      if (isWarm()) count(window, tally);
      if (tally.generated >= SAMPLES || ++windows > MOST_WINDOWS) enough.abort();
    }
    return tally;
  } finally {
    child.kill('SIGKILL');
  }
}

const OPCACHE = ['opcache.enable_cli=1', 'opcache.jit_buffer_size=32M', 'opcache.jit=tracing'];

const CASES = [
  { what: 'LuaJIT', command: 'luajit', args: ['a.lua'], least: 0.995, frames: 8 },
  {
    what: 'PHP',
    command: 'php',
    args: [...OPCACHE.flatMap((each) => ['-d', each]), 'a.php'],
    least: 0.995,
    frames: 7,
  },
  {
    what: 'Erlang with frame pointers',
    command: 'erl',
    args: ['+JPperf', 'true', '-noshell', '-s', 'spin', 'main'],
    least: 0.98,
    frames: 4,
  },
  {
    what: 'HotSpot with frame pointers',
    command: 'java',
    args: ['-XX:+PreserveFramePointer', 'Spin.java'],
    least: 0.995,
    frames: 6,
  },
  {
    what: 'HotSpot with frame pointers, while its code grows',
    command: 'java',
    args: ['-XX:+PreserveFramePointer', 'Compiler.java', folder],
    least: 0.995,
    frames: 12,
  },
] as const;

writeFileSync(join(folder, 'a.lua'), LUA);
writeFileSync(join(folder, 'a.php'), PHP);
writeFileSync(join(folder, 'spin.erl'), ERLANG);
writeFileSync(join(folder, 'Spin.java'), JAVA);
writeFileSync(join(folder, 'Compiler.java'), COMPILER);
const hasErlang = spawnSync('erlc', ['spin.erl'], { cwd: folder }).status === 0;
const isMissing = (command: string): boolean =>
  command === 'erl' ? !hasErlang : spawnSync(command, ['-v']).error !== undefined;

for (const { what, command, args, least, frames } of CASES) {
  test(`stacks through the generated code of ${what} are whole`, { skip }, async (t) => {
    if (isMissing(command)) return t.skip(`no ${command} here`);
    const tally = await tallyOf(command, args);
    const said = JSON.stringify(tally);
    assert.ok(tally.whole / tally.generated >= least, `expected ${least} whole, got ${said}`);
    assert.ok(tally.frames / tally.generated >= frames, `expected ${frames} frames, got ${said}`);
  });
}

test('stacks of Erlang without frame pointers are cut and counted, not said to be whole', {
  skip,
}, async (t) => {
  if (isMissing('erl')) return t.skip('no erl here');
  const tally = await tallyOf('erl', ['-noshell', '-s', 'spin', 'main']);
  assert.ok(tally.whole / tally.generated < 0.1, JSON.stringify(tally));
});

test('stacks of HotSpot without frame pointers are guessed where they are interpreted, else cut and counted', {
  skip,
}, async (t) => {
  if (isMissing('java')) return t.skip('no java here');
  const compiled = await tallyOf('java', ['Spin.java']);
  const { generated, guessed, frameless } = compiled;
  t.diagnostic(`compiled: ${((100 * guessed) / generated).toFixed(1)} % came to their end`);
  assert.ok(guessed / generated < 0.5, JSON.stringify(compiled));
  assert.ok(frameless / (generated - guessed) >= 0.95, JSON.stringify(compiled));
  const interpreted = await tallyOf('java', ['-Xint', 'Spin.java']);
  assert.ok(interpreted.guessed / interpreted.generated >= 0.99, JSON.stringify(interpreted));
  assert.ok(interpreted.frames / interpreted.generated >= 6, JSON.stringify(interpreted));
});
