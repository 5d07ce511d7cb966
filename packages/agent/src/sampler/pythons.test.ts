import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Interpreter, interpreters, MINORS } from '../runtimes/cpython/testing.ts';
import { createEbpfDriver } from './ebpf.ts';
import { ADDRESS_SPACES, type SampleWindow, STACK_ENDS } from './sampler.ts';
import { cannotSample, sampleWhile, warmUp } from './testing.ts';

const skip = cannotSample('rights', 'btf', 'libbpf', 'kernel');
const RATE_HZ = 499;
/** Four standard deviations of a share of so many samples are less than five hundredths. */
const SAMPLES = 1_500;
const MAX_WINDOWS = 120;

const programs = fileURLToPath(new URL('../../../../golden/programs/', import.meta.url));
const PROGRAM = join(programs, 'interpreted.py');
const found = skip ? [] : interpreters();
const driver = createEbpfDriver({ nowMs: Date.now });

interface Stack {
  readonly pid: number;
  readonly count: number;
  readonly isWhole: boolean;
  /** Python frames as `name:line`, the leaf first. */
  readonly frames: readonly string[];
  readonly files: ReadonlySet<string>;
}

function stacksOf(window: SampleWindow): readonly Stack[] {
  const { stacks, frames, processes, interpreted } = window;
  return Array.from({ length: stacks.length }, (_, row) => {
    const first = stacks.firstFrame[row] ?? 0;
    const length = (stacks.firstFrame[row + 1] ?? 0) - first;
    const own = Array.from({ length }, (_frame, i) => first + i)
      .filter((at) => ADDRESS_SPACES[frames.space[at] ?? 0] === 'interpreted')
      .map((at) => interpreted[frames.address[at] ?? -1])
      .filter((frame) => frame !== undefined);
    return {
      pid: processes[stacks.process[row] ?? -1]?.pid ?? 0,
      count: stacks.count[row] ?? 0,
      isWhole: STACK_ENDS[stacks.end[row] ?? 0] === 'complete',
      frames: own.map(({ text, line }) => `${text}:${line}`),
      files: new Set(own.map(({ file }) => basename(file))),
    };
  });
}

const sum = (stacks: readonly Stack[]): number =>
  stacks.reduce((total, { count }) => total + count, 0);

/** Starts the program under an interpreter. */
function start({ command, args, root }: Interpreter, words: readonly string[]): ChildProcess {
  if (root !== '') copyFileSync(PROGRAM, join(root, basename(PROGRAM)));
  const path = root === '' ? PROGRAM : `/${basename(PROGRAM)}`;
  return spawn(command, [...args, path, ...words], { stdio: 'ignore' });
}

/** Stacks of a child once the tables are there, until there are enough of them. */
async function sampled(child: ChildProcess, samples = SAMPLES): Promise<readonly Stack[]> {
  try {
    const request = { rateHz: RATE_HZ, windowMs: 1_000, pids: [child.pid ?? 0] };
    await using sampler = await driver.open(request);
    const isWarm = warmUp(sampler);
    const enough = new AbortController();
    const stacks: Stack[] = [];
    let windows = 0;
    for await (const window of sampler.windows(enough.signal)) {
      if (isWarm()) stacks.push(...stacksOf(window));
      if (sum(stacks) >= samples || ++windows > MAX_WINDOWS) enough.abort();
    }
    return stacks;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Share of the samples with a function on the stack. */
function shareWith(stacks: readonly Stack[], name: string): number {
  const has = ({ frames }: Stack): boolean => frames.some((frame) => frame.startsWith(`${name}:`));
  return sum(stacks.filter(has)) / sum(stacks.filter(({ frames }) => frames.length > 0));
}

function hottest(stacks: readonly Stack[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { frames, count } of stacks) {
    const key = frames.join(' ');
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  const [key = ''] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
  return key.split(' ');
}

/** One test for each release, over every interpreter of it that is here. */
function testEach(
  title: string,
  check: (python: Interpreter) => Promise<void>,
  minors: readonly number[] = MINORS,
): void {
  for (const minor of minors) {
    test(`CPython 3.${minor}: ${title}`, { skip }, async (t) => {
      const all = found.filter((each) => each.minor === minor);
      if (all.length === 0) return t.skip(`no python 3.${minor} here`);
      for (const python of all) await check(python);
    });
  }
}

testEach('shares, names, files and lines are right, and stacks whole', async (python) => {
  const stacks = await sampled(start(python, ['spend']));
  const said = `${python.title}: ${JSON.stringify(stacks.slice(0, 5))}`;
  const seventy = shareWith(stacks, 'spend_seventy');
  const thirty = shareWith(stacks, 'spend_thirty');
  assert.ok(Math.abs(seventy / (seventy + thirty) - 0.7) < 0.05, `${seventy} ${thirty} ${said}`);
  assert.ok(sum(stacks.filter(({ isWhole }) => isWhole)) / sum(stacks) >= 0.995, said);
  assert.ok(sum(stacks.filter(({ frames }) => frames.length > 0)) / sum(stacks) >= 0.995, said);
  const inner = hottest(stacks.filter(({ frames }) => frames.length === 3));
  assert.match(inner[0] ?? '', /^spend_seventy:1[23]$/);
  assert.deepEqual(inner.slice(1), ['spend:26', '<module>:87']);
  assert.ok(
    stacks.some(({ files }) => files.has('interpreted.py') && files.size === 1),
    said,
  );
});

testEach('calls through C and generators keep their order', async (python) => {
  const stacks = await sampled(start(python, ['callback']), 500);
  const [leaf, ...callers] = hottest(stacks);
  const shop = python.minor >= 11 ? 'Shop.' : '';
  assert.match(leaf ?? '', /^spend_seventy:/);
  assert.deepEqual(callers, [`${shop}key:32`, `${shop}items:37`, 'callback:42', '<module>:87']);
});

testEach('recursion is whole, or cut at its root and said so', async (python) => {
  const stacks = await sampled(start(python, ['deep']), 300);
  const deep = hottest(stacks).filter((frame) => frame.startsWith('deep:')).length;
  // Before 3.11 every call has frames of C too.
  assert.ok(python.minor >= 11 ? deep === 61 : deep > 40, `${deep} ${python.title}`);
  const endless = await sampled(start(python, ['endless']), 100);
  assert.equal(sum(endless.filter(({ isWhole, frames }) => isWhole && frames.length > 10)), 0);
  assert.match(hottest(endless)[0] ?? '', /^spend_/);
});

testEach('threads are told apart', async (python) => {
  const stacks = await sampled(start(python, ['threads']));
  const wrong = stacks.filter(
    ({ frames }) =>
      (frames.some((frame) => frame.startsWith('only_seventy')) &&
        frames.some((frame) => frame.startsWith('spend_thirty'))) ||
      (frames.some((frame) => frame.startsWith('only_thirty')) &&
        frames.some((frame) => frame.startsWith('spend_seventy'))),
  );
  assert.equal(sum(wrong), 0);
  assert.ok(shareWith(stacks, 'only_seventy') > 0.2);
  assert.ok(shareWith(stacks, 'only_thirty') > 0.2);
});

testEach('an interpreter within another comes before it', async (python) => {
  const stacks = await sampled(start(python, ['nested']), 500);
  // To make the inner one may take longer than is sampled of it.
  const begun = stacks.filter(({ frames }) => frames.some((frame) => frame.startsWith('inner:')));
  assert.deepEqual(
    hottest(begun).map((frame) => frame.replace(/:\d+$/, '')),
    ['inner', '<module>', 'nested', '<module>'],
  );
});

test('a process in a pid namespace of its own is walked', { skip }, async (t) => {
  const [python] = found.filter(({ minor, root }) => minor >= 11 && root === '');
  if (!python) return t.skip('no python from 3.11 on here');
  const { command } = python;
  const child = spawn('unshare', ['-p', '-f', '--kill-child', command, PROGRAM, 'spend']);
  await sleep(300);
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  const inner = Number(child.exitCode === null ? readFileSync(children, 'utf8') : 0);
  const windows = await whole(() => sleep(4_000));
  child.kill('SIGKILL');
  if (!inner) return t.skip('no pid namespace can be made here');
  const stacks = windows.flatMap(stacksOf).filter(({ pid }) => pid === inner);
  assert.ok(shareWith(stacks, 'spend') > 0.99);
});

/** Windows of the whole machine while something is done. */
async function whole(
  work: () => Promise<unknown>,
  windowMs = 1_000,
): Promise<readonly SampleWindow[]> {
  await using sampler = await driver.open({ rateHz: RATE_HZ, windowMs, pids: [] });
  return await sampleWhile(sampler, work);
}

test('a process that ends before its window does keeps its names', { skip }, async (t) => {
  const [python] = found;
  if (!python) return t.skip('no python here');
  let pid: number | undefined;
  const windows = await whole(async () => {
    const child = start(python, ['spend', '0.6']);
    pid = child.pid;
    await once(child, 'exit');
    await sleep(200);
  }, 60_000);
  const stacks = windows.flatMap(stacksOf).filter((stack) => stack.pid === pid);
  assert.ok(shareWith(stacks, 'spend_seventy') > 0.3, JSON.stringify(stacks));
  assert.ok(shareWith(stacks, '[python') < 0.05, JSON.stringify(stacks));
});

for (const lie of ['frames', 'threads', 'interpreters', 'unreadable']) {
  test(`a process whose ${lie} lie costs no other sample`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'python3.11');
    const flags = ['-O1', '-rdynamic', join(programs, 'lying-python.c'), '-o', path];
    if (spawnSync('cc', flags).status !== 0) return t.skip('no C compiler here');
    const stacks = await sampled(spawn(path, [lie], { stdio: 'ignore' }), 300);
    assert.ok(sum(stacks) >= 300);
    const longest = Math.max(...stacks.map(({ frames }) => frames.length));
    assert.equal(longest > 0, lie === 'frames');
    assert.ok(longest <= 128);
  });
}
