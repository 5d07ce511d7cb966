import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findings, findingsOf } from './findings.ts';
import { type MachineFacts, parseLockdown, parseMemlock, showsAddresses } from './machine-facts.ts';

const ROOT: MachineFacts = {
  uid: 0,
  capabilities: (1n << 41n) - 1n,
  kernelRelease: '6.1.0-18-amd64',
  hasBtf: true,
  libbpfProblem: '',
  perfEventParanoid: 2,
  perfScope: { of: 'host', hasKernel: true },
  kptrRestrict: 1,
  hasKallsyms: true,
  lockdown: 'none',
  memlockBytes: 8 * 2 ** 20,
  cgroupVersion: 'v2',
};

const bad = (facts: Partial<MachineFacts>): readonly string[] =>
  findingsOf({ ...ROOT, ...facts })
    .filter(({ ok }) => !ok)
    .map(({ name, detail, mend }) => `${name}: ${detail} → ${mend}`);

test('findingsOf() finds nothing to mend on a machine that can do all', () => {
  assert.deepEqual(bad({}), []);
  assert.equal(findingsOf(ROOT).length, 9);
});

test('findingsOf() says what a user without rights loses', () => {
  const perfScope = { of: 'threads', hasKernel: false } as const;
  assert.deepEqual(bad({ uid: 1000, capabilities: 0n, hasKallsyms: false, perfScope }), [
    "rights: uid 1000, without CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE: eBPF sampling is off; frames of others' processes stay addresses, their stacks are cut → run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE",
    "perf_event: kernel.perf_event_paranoid is 2: only one's own processes, new threads from the next window on, without the kernel's frames → run as root or with CAP_PERFMON, or sysctl kernel.perf_event_paranoid=0",
    'kallsyms: kernel.kptr_restrict is 1: kernel functions have no names → run as root or with CAP_SYSLOG',
  ]);
});

test('findingsOf() tells a kernel that asks more than CAP_PERFMON from a container that forbids', () => {
  const refused = { perfScope: undefined, capabilities: ROOT.capabilities & ~(1n << 21n) };
  assert.deepEqual(bad({ ...refused, perfEventParanoid: 3 }), [
    'perf_event: kernel.perf_event_paranoid is 3: nothing can be sampled → this kernel does not take CAP_PERFMON for it: run with CAP_SYS_ADMIN, or sysctl kernel.perf_event_paranoid=2',
  ]);
  assert.deepEqual(bad({ ...refused, perfEventParanoid: 1 }), [
    'perf_event: kernel.perf_event_paranoid is 1: nothing can be sampled → CAP_PERFMON is there, so something else forbids it: let the seccomp profile allow perf_event_open',
  ]);
  assert.equal(bad({ ...refused, perfEventParanoid: Number.NaN }).length, 1);
});

test('findingsOf() says what an old or bare kernel lacks', () => {
  const facts = {
    kernelRelease: '4.19.0',
    hasBtf: false,
    libbpfProblem: 'x',
    lockdown: 'confidentiality',
    // All but CAP_SYS_RESOURCE.
    capabilities: ROOT.capabilities & ~(1n << 24n),
  };
  assert.deepEqual(
    bad(facts).map((line) => line.split(':')[0]),
    ['kernel', 'btf', 'libbpf', 'lockdown', 'memlock'],
  );
  assert.deepEqual(bad({ kernelRelease: '5.10.0', memlockBytes: Number.POSITIVE_INFINITY }), []);
  assert.deepEqual(bad({ kernelRelease: '5.10.0' }), []);
  assert.deepEqual(bad({ cgroupVersion: 'none' }).length, 1);
});

test('findings() looks at this machine', () => {
  const names = findings().map(({ name }) => name);
  assert.deepEqual(
    names,
    findingsOf(ROOT).map(({ name }) => name),
  );
});

test('parseLockdown() reads the chosen word', () => {
  assert.equal(parseLockdown('none [integrity] confidentiality\n'), 'integrity');
  assert.equal(parseLockdown(''), 'none');
});

test('parseMemlock() reads the soft limit', () => {
  const line = (soft: string): string =>
    `Max locked memory         ${soft}              8388608  bytes`;
  assert.equal(parseMemlock(line('65536')), 65_536);
  assert.equal(parseMemlock(line('unlimited')), Number.POSITIVE_INFINITY);
});

test('showsAddresses() knows a list that the kernel hides', () => {
  assert.equal(showsAddresses('0000000000000000 A fixed\n0000000000000000 T _text\n'), false);
  assert.equal(showsAddresses('0000000000000000 A fixed\nffffffff81000000 T _text\n'), true);
});
