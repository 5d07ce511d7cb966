import { type MachineFacts, readMachineFacts } from './machine-facts.ts';
import { describeScope } from './perf-scope.ts';

/** One thing that a machine can or cannot do. */
export interface Finding {
  /** A short name such as `btf`. */
  readonly name: string;
  readonly ok: boolean;
  /** What was found and, where it is not as it should be, what is lost. */
  readonly detail: string;
  /** What to do about it; empty if nothing is to be done. */
  readonly mend: string;
}

const CAPABILITIES = {
  sysPtrace: 19,
  sysAdmin: 21,
  sysResource: 24,
  perfmon: 38,
  bpf: 39,
} as const;
const OLDEST_KERNEL = [5, 10] as const;
/** From here on the memory of BPF maps does not count against the limit. */
const NO_MEMLOCK_KERNEL = [5, 11] as const;
const ENOUGH_MEMLOCK_BYTES = 64 * 2 ** 20;

const good = (name: string, detail: string): Finding => ({ name, ok: true, detail, mend: '' });
const bad = (name: string, detail: string, mend: string): Finding => ({
  name,
  ok: false,
  detail,
  mend,
});

function has(facts: MachineFacts, capability: keyof typeof CAPABILITIES): boolean {
  const bit = (name: keyof typeof CAPABILITIES): boolean =>
    ((facts.capabilities >> BigInt(CAPABILITIES[name])) & 1n) === 1n;
  // Before 5.8 there was nothing finer, and it still implies all of these but two.
  const isImplied = capability !== 'sysPtrace' && capability !== 'sysResource';
  return bit(capability) || (isImplied && bit('sysAdmin'));
}

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [, ownMajor = '0', ownMinor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(ownMajor) > major || (Number(ownMajor) === major && Number(ownMinor) >= minor);
}

/** What this machine can and cannot do, as {@link readMachineFacts} sees it. */
export function findings(): readonly Finding[] {
  return findingsOf(readMachineFacts());
}

/** What these facts mean for sampling, good and bad, in the order a person would mend them. */
export function findingsOf(facts: MachineFacts): readonly Finding[] {
  return [
    rights(facts),
    kernel(facts),
    facts.hasBtf
      ? good('btf', 'the kernel describes its types')
      : bad(
          'btf',
          'no /sys/kernel/btf/vmlinux: eBPF sampling is off, perf events are used instead',
          'boot a kernel built with CONFIG_DEBUG_INFO_BTF=y',
        ),
    libbpf(facts),
    perfEvents(facts),
    kernelNames(facts),
    lockdown(facts),
    memlock(facts),
    facts.cgroupVersion === 'none'
      ? bad('cgroup', 'no cgroups: processes cannot be told by container', 'mount /sys/fs/cgroup')
      : good('cgroup', facts.cgroupVersion),
  ];
}

/** Capabilities by the names people know, and what is lost without each. */
const NEEDED = [
  ['bpf', 'CAP_BPF', 'eBPF sampling is off'],
  ['perfmon', 'CAP_PERFMON', 'eBPF sampling is off'],
  [
    'sysPtrace',
    'CAP_SYS_PTRACE',
    "frames of others' processes stay addresses, their stacks are cut",
  ],
] as const;

function rights(facts: MachineFacts): Finding {
  const missing = NEEDED.filter(([name]) => !has(facts, name));
  const who = facts.uid === 0 ? 'root' : `uid ${facts.uid}`;
  if (missing.length === 0)
    return good('rights', `${who}, with CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE`);
  const names = missing.map(([, name]) => name).join(', ');
  const lost = [...new Set(missing.map(([, , loss]) => loss))].join('; ');
  return bad('rights', `${who}, without ${names}: ${lost}`, `run as root, or with ${names}`);
}

function kernel({ kernelRelease }: MachineFacts): Finding {
  return isAtLeast(kernelRelease, OLDEST_KERNEL)
    ? good('kernel', kernelRelease)
    : bad(
        'kernel',
        `${kernelRelease}: eBPF sampling needs ${OLDEST_KERNEL.join('.')}, perf events are used instead`,
        'use a newer kernel',
      );
}

function libbpf({ libbpfProblem }: MachineFacts): Finding {
  return libbpfProblem === ''
    ? good('libbpf', 'libbpf.so.1 loads')
    : bad(
        'libbpf',
        'no libbpf.so.1: eBPF sampling is off, perf events are used instead',
        'apt install libbpf1 (or dnf install libbpf)',
      );
}

/** From here on, which only distributions have, some of their kernels ask for CAP_SYS_ADMIN. */
const NO_PERF_LEVEL = 3;

function perfEvents(facts: MachineFacts): Finding {
  const { perfEventParanoid: level, perfScope: scope } = facts;
  if (Number.isNaN(level)) {
    return bad(
      'perf_event',
      'this kernel has no perf events: nothing can be sampled',
      'boot a kernel built with CONFIG_PERF_EVENTS=y',
    );
  }
  const seen = scope ? describeScope(scope) : 'nothing can be sampled';
  const detail = `kernel.perf_event_paranoid is ${level}: ${seen}`;
  if (scope?.of === 'host' && scope.hasKernel) return good('perf_event', detail);
  return bad('perf_event', detail, mendPerfEvents(facts));
}

function mendPerfEvents(facts: MachineFacts): string {
  if (!has(facts, 'perfmon')) {
    return 'run as root or with CAP_PERFMON, or sysctl kernel.perf_event_paranoid=0';
  }
  return facts.perfEventParanoid >= NO_PERF_LEVEL
    ? 'this kernel does not take CAP_PERFMON for it: run with CAP_SYS_ADMIN, or sysctl kernel.perf_event_paranoid=2'
    : 'CAP_PERFMON is there, so something else forbids it: let the seccomp profile allow perf_event_open';
}

function kernelNames({ hasKallsyms, kptrRestrict }: MachineFacts): Finding {
  return hasKallsyms
    ? good('kallsyms', 'the names of kernel functions can be read')
    : bad(
        'kallsyms',
        `kernel.kptr_restrict is ${kptrRestrict}: kernel functions have no names`,
        'run as root or with CAP_SYSLOG',
      );
}

function lockdown(facts: MachineFacts): Finding {
  const { lockdown: level } = facts;
  return level === 'confidentiality'
    ? bad(
        'lockdown',
        'confidentiality: no BPF program may read memory, eBPF sampling is off, perf events are used instead',
        'boot with lockdown=integrity or none',
      )
    : good('lockdown', level);
}

function memlock(facts: MachineFacts): Finding {
  const { memlockBytes, kernelRelease } = facts;
  const limit = Number.isFinite(memlockBytes)
    ? `${Math.round(memlockBytes / 1024)} KiB`
    : 'no limit';
  if (isAtLeast(kernelRelease, NO_MEMLOCK_KERNEL)) {
    return good('memlock', `${limit}; this kernel does not count BPF maps`);
  }
  if (has(facts, 'sysResource'))
    return good('memlock', `${limit}, which CAP_SYS_RESOURCE may raise`);
  return memlockBytes >= ENOUGH_MEMLOCK_BYTES
    ? good('memlock', limit)
    : bad(
        'memlock',
        `${limit} of locked memory: too little for BPF maps before 5.11`,
        'run with CAP_SYS_RESOURCE, or ulimit -l unlimited',
      );
}
