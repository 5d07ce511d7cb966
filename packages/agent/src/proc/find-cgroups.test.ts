import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import {
  cgroupsOfProcess,
  findContainer,
  findUnit,
  isThere,
  parseCgroupMounts,
} from './find-cgroups.ts';

const ROOT = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((path) =>
  existsSync(`${path}/cgroup.procs`),
);
const skip = (process.getuid?.() !== 0 || !ROOT) && 'needs root and control groups';

const ID = `0beef${'0'.repeat(59)}`;
const TWIN = `0bee1${'0'.repeat(59)}`;

interface Placed extends AsyncDisposable {
  readonly pid: number;
  readonly directory: (path: string) => string;
}

/** A process that sleeps in a new group. */
async function place(path: string): Promise<Placed> {
  const folder = `${ROOT}/kube-eagle-test-${process.pid}`;
  mkdirSync(`${folder}/${path}`, { recursive: true });
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  writeFileSync(`${folder}/${path}/cgroup.procs`, String(child.pid));
  return {
    pid: child.pid ?? 0,
    directory: (below) => `${folder}/${below}`,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      const folders = path.split('/');
      while (folders.length > 0) {
        rmdirSync(`${folder}/${folders.join('/')}`);
        folders.pop();
      }
      rmdirSync(folder);
    },
  };
}

test('a container is found by the begin of its id, with all that is below it', {
  skip,
}, async () => {
  await using placed = await place(`docker-${ID}.scope/init`);
  const search = findContainer('0beef');
  assert.equal(search.kind, 'found');
  const [group] = search.kind === 'found' ? search.groups : [];
  const directory = placed.directory(`docker-${ID}.scope`);
  assert.deepEqual([group?.directory, group?.id], [directory, statSync(directory).ino]);
  assert.ok(group && isThere(group) && !isThere({ ...group, id: group.id + 1 }));
  assert.deepEqual(findContainer('0beef1'), { kind: 'none' });
  const own = cgroupsOfProcess(placed.pid).map((each) => each.directory);
  assert.ok(own.includes(`${directory}/init`), own.join(' '));
});

test('two containers of one begin are both named', { skip }, async () => {
  const folder = `${ROOT}/kube-eagle-test-${process.pid}`;
  await using first = await place(ID);
  mkdirSync(`${folder}/${TWIN}`);
  const second = spawn('sleep', ['60']);
  await once(second, 'spawn');
  writeFileSync(`${folder}/${TWIN}/cgroup.procs`, String(second.pid));
  const search = findContainer('0bee');
  second.kill('SIGKILL');
  await once(second, 'exit');
  rmdirSync(first.directory(TWIN));
  assert.deepEqual(search, { kind: 'ambiguous', names: [TWIN, ID] });
});

test('a service is found by its name, also where systemd has escaped it', { skip }, async () => {
  await using placed = await place('my\\x2dapp@1.service');
  const search = findUnit('my-app@1.service');
  const groups = search.kind === 'found' ? search.groups : [];
  assert.deepEqual(
    groups.map(({ directory }) => directory),
    [placed.directory('my\\x2dapp@1.service')],
  );
  assert.deepEqual(findUnit('app@1.service'), { kind: 'none' });
});

test('parseCgroupMounts() knows the two trees, wherever they are mounted', () => {
  const text = [
    '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
    '39 31 0:36 /docker/x /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids',
    '41 31 0:38 / /host/cgroup rw,relatime - cgroup2 cgroup2 rw',
    'nonsense',
  ].join('\n');
  assert.deepEqual(parseCgroupMounts(text), [
    { hierarchy: 'pids', mountPoint: '/sys/fs/cgroup/pids', root: '/docker/x' },
    { hierarchy: 'unified', mountPoint: '/host/cgroup', root: '/' },
  ]);
});
