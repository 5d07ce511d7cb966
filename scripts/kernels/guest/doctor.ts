import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Check } from './check.ts';
import { mounted, V2 } from './hierarchies.ts';
import type { Opened } from './open.ts';
import { NODE } from './programs.ts';

const open = fileURLToPath(new URL('open.ts', import.meta.url));
const LOCKDOWN = '/sys/kernel/security/lockdown';
const PARANOID = '/proc/sys/kernel/perf_event_paranoid';
/** busybox has another of this name. */
const SETPRIV = '/usr/bin/setpriv';
const BTF = '/sys/kernel/btf';

/** Something that is taken from the agent, and what must come of it. */
interface Lack {
  readonly name: string;
  /** Words that a command is run by. */
  readonly command?: readonly string[];
  readonly begin?: () => void;
  readonly end?: () => void;
  /** Name of the finding that must be bad, and what its detail says; absent where none may be. */
  readonly finding?: readonly [name: string, detail: RegExp];
  /** Driver that must open, and what is said of why not another. */
  readonly driver: Opened['driver'];
  readonly said: RegExp;
}

const NOBODY = [SETPRIV, '--reuid=65534', '--regid=65534', '--clear-groups'];
const limitMemory = ['sh', '-c', 'ulimit -l 64; exec "$@"', 'sh'];
const without = (...names: readonly string[]): readonly string[] => [
  SETPRIV,
  `--bounding-set=${names.map((name) => `-${name}`).join(',')}`,
];

/** The level that Linux itself has; what Debian boots with is stricter. */
function usualParanoia(): Pick<Lack, 'begin' | 'end'> {
  const booted = readFileSync(PARANOID, 'latin1');
  return {
    begin: () => writeFileSync(PARANOID, '2'),
    end: () => writeFileSync(PARANOID, booted),
  };
}

const LACKS: readonly Lack[] = [
  { name: 'nothing', driver: 'ebpf', said: /^every process/ },
  {
    name: 'little locked memory, but root',
    command: limitMemory,
    driver: 'ebpf',
    said: /^every process/,
  },
  {
    name: 'CAP_BPF',
    command: without('bpf', 'sys_admin'),
    ...usualParanoia(),
    finding: ['rights', /CAP_BPF: eBPF sampling is off/],
    driver: 'perf_event',
    said: /EPERM; run as root, or with CAP_BPF.*every process, with/,
  },
  {
    name: 'CAP_PERFMON',
    command: without('perfmon', 'sys_admin'),
    ...usualParanoia(),
    finding: ['perf_event', /only one's own processes.*without the kernel/],
    driver: 'perf_event',
    said: /CAP_PERFMON.*only one's own processes/,
  },
  {
    name: 'CAP_SYS_PTRACE',
    command: without('sys_ptrace'),
    finding: ['rights', /CAP_SYS_PTRACE: frames/],
    driver: 'ebpf',
    said: /^every process/,
  },
  {
    name: 'CAP_SYSLOG',
    command: without('syslog'),
    finding: ['kallsyms', /no names/],
    driver: 'ebpf',
    said: /^every process/,
  },
  {
    name: 'root, perf_event_paranoid 2',
    command: NOBODY,
    ...usualParanoia(),
    finding: ['perf_event', /only one's own processes/],
    driver: 'perf_event',
    said: /only one's own processes/,
  },
  {
    name: 'root',
    command: NOBODY,
    finding: ['perf_event', /nothing can be sampled/],
    driver: 'none',
    said: /perf_event_paranoid/,
  },
  {
    name: 'CAP_SYS_ADMIN',
    command: without('sys_admin'),
    finding: ['perf_event', /nothing can be sampled/],
    driver: 'none',
    said: /perf_event_paranoid/,
  },
  {
    name: 'BTF',
    begin: () => execFileSync('mount', ['-o', 'bind', '/empty', BTF]),
    end: () => execFileSync('umount', [BTF]),
    finding: ['btf', /no .sys.kernel.btf.vmlinux/],
    driver: 'perf_event',
    said: /with BTF/,
  },
];

/** Before 5.11 maps count as locked memory. */
const LOCKED_MEMORY: Lack = {
  name: 'locked memory',
  command: [...without('sys_resource'), ...limitMemory],
  finding: ['memlock', /too little/],
  driver: 'perf_event',
  said: /EPERM; .*CAP_SYS_RESOURCE/,
};

/** The last ones: a lockdown can be tightened, but not taken back. */
const LOCKED_DOWN: readonly Lack[] = [
  {
    name: 'freedom, lockdown=integrity',
    begin: () => writeFileSync(LOCKDOWN, 'integrity'),
    driver: 'ebpf',
    said: /^every process/,
  },
  {
    name: 'freedom, lockdown=confidentiality',
    begin: () => writeFileSync(LOCKDOWN, 'confidentiality'),
    finding: ['lockdown', /confidentiality/],
    driver: 'perf_event',
    said: /lockdown/,
  },
];

/** What the agent and its doctor say where something is missing. */
export async function* doctor(): AsyncGenerator<Check> {
  using _mounted = mounted(V2);
  const isOld = /^5\.(\d|10)\./.test(release());
  const hasLockdown = existsSync(LOCKDOWN);
  yield {
    name: 'lockdown',
    ok: true,
    value: hasLockdown ? readFileSync(LOCKDOWN, 'latin1').trim() : 'not in this kernel',
  };
  const lacks = [...LACKS, ...(isOld ? [LOCKED_MEMORY] : []), ...(hasLockdown ? LOCKED_DOWN : [])];
  for (const lack of lacks) {
    lack.begin?.();
    try {
      yield examine(lack);
    } finally {
      lack.end?.();
    }
  }
}

function openedBy(command: readonly string[]): Opened {
  const [name = '', ...args] = [...command, ...NODE, open];
  const { stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  try {
    return JSON.parse(stdout) as Opened;
  } catch {
    throw new Error(`expected JSON of ${name}, got ${JSON.stringify(stdout + stderr)}`);
  }
}

function examine({ name, command = [], finding, driver, said }: Lack): Check {
  const opened = openedBy(command);
  const bad = opened.findings.filter(({ ok }) => !ok);
  const [wanted, detail] = finding ?? [];
  const isFound = finding
    ? bad.some((each) => each.name === wanted && detail?.test(each.detail) && each.mend !== '')
    : bad.length === 0;
  const isRunning = driver === 'none' || opened.samples > 0;
  const isOk = isFound && isRunning && opened.driver === driver && said.test(opened.said);
  const told = bad.map((each) => each.name).join(', ') || 'all well';
  const more = isOk ? '' : `: ${JSON.stringify({ bad, said: opened.said })}`;
  return {
    name: `without ${name}`,
    ok: isOk,
    value: `${told}; ${opened.driver}, ${opened.samples} samples${more}`,
  };
}
