import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createEbpfDriver } from './ebpf.ts';
import type { Cgroup, SampleRequest, SampleWindow } from './sampler.ts';
import {
  cannotSample,
  compileProgram,
  drawStacks,
  type GoldenProgram,
  LIFE,
  sampleUntil,
} from './testing.ts';

const skip = cannotSample('rights', 'kernel', 'btf', 'libbpf', 'lockdown');
const SAMPLES = 200;

let split: GoldenProgram;
let threads: GoldenProgram;
before(() => {
  split = compileProgram('split');
  threads = compileProgram('threads');
});
after(() => {
  split[Symbol.dispose]();
  threads[Symbol.dispose]();
});

/** Windows of some hundred samples of what a request names. */
async function sampled(wanted: Partial<SampleRequest>): Promise<readonly SampleWindow[]> {
  const request = { rateHz: 499, windowMs: 500, pids: [], ...wanted };
  await using sampler = await createEbpfDriver({ nowMs: Date.now }).open(request);
  return await sampleUntil(sampler, SAMPLES);
}

const pidsIn = (windows: readonly SampleWindow[]): ReadonlySet<number> =>
  new Set(windows.flatMap(({ processes }) => processes.map(({ pid }) => pid)));

interface Groups extends AsyncDisposable {
  /** In the group below the first one. */
  readonly leafPid: number;
  /** In the other one. */
  readonly otherPid: number;
  /** Of a path below the folder of the test, or the root of the tree. */
  readonly cgroup: (path: 'root' | '.' | 'one' | 'one/leaf' | 'other') => Cgroup;
}

/** Two groups, a process below the first and one in the other, in a tree of the kernel. */
function createGroups(hierarchy: Cgroup['hierarchy'], root: string): Groups {
  const folder = `${root}/kube-eagle-test-${process.pid}`;
  const place = (path: string): ReturnType<typeof spawn> => {
    mkdirSync(`${folder}/${path}`, { recursive: true });
    const child = spawn(split.path, LIFE);
    writeFileSync(`${folder}/${path}/cgroup.procs`, String(child.pid));
    return child;
  };
  const leaf = place('one/leaf');
  const other = place('other');
  return {
    leafPid: leaf.pid ?? 0,
    otherPid: other.pid ?? 0,
    cgroup: (path) => ({
      hierarchy,
      id: statSync(path === 'root' ? root : `${folder}/${path}`).ino,
    }),
    async [Symbol.asyncDispose]() {
      for (const child of [leaf, other]) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      for (const path of ['/one/leaf', '/one', '/other', '']) rmdirSync(`${folder}${path}`);
    },
  };
}

const TREES = [
  ['unified', ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']],
  ['pids', ['/sys/fs/cgroup/pids']],
] as const;

for (const [hierarchy, roots] of TREES) {
  const root = roots.find((path) => existsSync(`${path}/cgroup.procs`));
  const noTree = root === undefined && `no ${hierarchy} tree of control groups here`;

  test(`a ${hierarchy} control group is sampled with what is below it`, {
    skip: skip || noTree,
  }, async () => {
    await using groups = createGroups(hierarchy, root ?? '');
    const { leafPid, otherPid, cgroup } = groups;
    const pidsOf = async (path: Parameters<typeof cgroup>[0]) =>
      pidsIn(await sampled({ cgroups: [cgroup(path)] }));
    assert.deepEqual(await pidsOf('one/leaf'), new Set([leafPid]));
    assert.deepEqual(await pidsOf('one'), new Set([leafPid]));
    assert.deepEqual(await pidsOf('other'), new Set([otherPid]));
    assert.deepEqual(await pidsOf('.'), new Set([leafPid, otherPid]));
    const all = await pidsOf('root');
    assert.ok(all.has(leafPid) && all.has(otherPid));
  });

  test(`a ${hierarchy} control group is told from one of the same number elsewhere`, {
    skip: skip || noTree,
  }, async () => {
    await using groups = createGroups(hierarchy, root ?? '');
    const { leafPid, otherPid, cgroup } = groups;
    const elsewhere = hierarchy === 'pids' ? 'unified' : 'pids';
    const cgroups = [
      { hierarchy, id: 2 ** 40 },
      { hierarchy: elsewhere, id: cgroup('other').id },
    ] as const;
    const pids = pidsIn(await sampled({ cgroups, pids: [leafPid] }));
    assert.ok(pids.has(leafPid) && !pids.has(otherPid), [...pids].join(' '));
  });
}

test('a thread is sampled without the others of its process', { skip }, async () => {
  const child = spawn(threads.path, LIFE);
  const tasks = (): readonly number[] => readdirSync(`/proc/${child.pid}/task`).map(Number);
  while (tasks().length < 2);
  const [first = 0, other = 0] = tasks();
  const leavesOf = async (thread: number) =>
    new Set(
      drawStacks(await sampled({ threads: [thread] }), threads).flatMap(({ frames }) =>
        frames.filter((frame) => /_work$/.test(frame)),
      ),
    );
  assert.deepEqual(await leavesOf(first), new Set(['first_work']));
  assert.deepEqual(await leavesOf(other), new Set(['other_work']));
  child.kill('SIGKILL');
});

/** Run below a pid namespace: who is sampled by the pids that are seen there. */
const NAMESPACED = `
  import { spawn } from 'node:child_process';
  import { readdirSync, readFileSync } from 'node:fs';
  import { createEbpfDriver } from '${fileURLToPath(new URL('./ebpf.ts', import.meta.url))}';
  import { sampleUntil } from '${fileURLToPath(new URL('./testing.ts', import.meta.url))}';
  const [program] = process.argv.slice(-1);
  const beside = spawn(program, ['${LIFE}']);
  const wrapper = spawn('unshare', ['--pid', '--fork', '--kill-child', program, '${LIFE}']);
  const below = () => readdirSync('/proc').find((pid) => /^\\d+$/.test(pid) &&
    readFileSync('/proc/' + pid + '/stat', 'latin1').split(' ')[3] === String(wrapper.pid));
  while (!below()) await new Promise((resolve) => setTimeout(resolve, 10));
  const sampled = async (wanted) => {
    const request = { rateHz: 499, windowMs: 500, pids: [], ...wanted };
    await using sampler = await createEbpfDriver({ nowMs: Date.now }).open(request);
    const windows = await sampleUntil(sampler, ${SAMPLES});
    const names = { [beside.pid]: 'beside', [below()]: 'below' };
    const seen = windows.flatMap(({ processes }) => processes.filter(({ exe }) => exe === program));
    return [...new Set(seen.map(({ pid }) => names[pid] ?? 'outside'))].sort();
  };
  console.log(JSON.stringify({
    host: await sampled({}),
    process: await sampled({ pids: [Number(below())] }),
    thread: await sampled({ threads: [beside.pid] }),
  }));
  for (const child of [beside, wrapper]) child.kill('SIGKILL');
  process.exit(0);
`;

test('an agent in a pid namespace samples by the pids that it sees', { skip }, async (t) => {
  const inNamespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
  try {
    execFileSync('unshare', [...inNamespace, 'true']);
  } catch {
    return t.skip('no pid namespaces here');
  }
  const outside = spawn(split.path, LIFE);
  const node = [process.execPath, '--input-type=module', '-e', NAMESPACED, split.path];
  const text = execFileSync('unshare', [...inNamespace, ...node], { encoding: 'utf8' });
  outside.kill('SIGKILL');
  assert.deepEqual(JSON.parse(text), {
    host: ['below', 'beside'],
    process: ['below'],
    thread: ['beside'],
  });
});
