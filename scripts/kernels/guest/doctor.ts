import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Finding } from '../../../packages/agent/src/sampler/findings.ts';
import type { Check } from './check.ts';

const agent = fileURLToPath(new URL('../../../packages/agent/src/main.ts', import.meta.url));
const open = fileURLToPath(new URL('open.ts', import.meta.url));
const LOCKDOWN = '/sys/kernel/security/lockdown';
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
  readonly driver: 'ebpf' | 'perf_event' | 'none';
  readonly said: RegExp;
}

const limitMemory = ['sh', '-c', 'ulimit -l 64; exec "$@"', 'sh'];
const without = (...names: readonly string[]): readonly string[] => [
  SETPRIV,
  `--bounding-set=${names.map((name) => `-${name}`).join(',')}`,
];

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
    finding: ['rights', /CAP_BPF/],
    driver: 'perf_event',
    said: /EPERM; run as root, or with CAP_BPF/,
  },
  {
    name: 'root',
    command: [SETPRIV, '--reuid=65534', '--regid=65534', '--clear-groups'],
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

/** The last one: a lockdown cannot be taken back. */
const LOCKED_DOWN: Lack = {
  name: 'lockdown=confidentiality',
  begin: () => writeFileSync(LOCKDOWN, 'confidentiality'),
  finding: ['lockdown', /confidentiality/],
  driver: 'none',
  said: /lockdown/,
};

/** What the agent and its doctor say where something is missing. */
export async function* doctor(): AsyncGenerator<Check> {
  const isOld = /^5\.(\d|10)\./.test(release());
  const lacks = [
    ...LACKS,
    ...(isOld ? [LOCKED_MEMORY] : []),
    ...(existsSync(LOCKDOWN) ? [LOCKED_DOWN] : []),
  ];
  for (const lack of lacks) {
    lack.begin?.();
    try {
      yield examine(lack);
    } finally {
      lack.end?.();
    }
  }
}

/** Runs a script of Node by a command and gives the JSON it wrote. */
function runBy(command: readonly string[], ...script: readonly string[]): unknown {
  const [name = '', ...args] = [...command, process.execPath, ...script];
  const { stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`expected JSON of ${script[0]}, got ${JSON.stringify(stdout + stderr)}`);
  }
}

function examine({ name, command = [], finding, driver, said }: Lack): Check {
  const { findings } = runBy(command, agent, 'doctor', '-o', 'json') as {
    readonly findings: readonly Finding[];
  };
  const bad = findings.filter(({ ok }) => !ok);
  const [wanted, detail] = finding ?? [];
  const isFound = finding
    ? bad.some((each) => each.name === wanted && detail?.test(each.detail) && each.mend !== '')
    : bad.length === 0;
  const opened = runBy(command, open) as { readonly driver: string; readonly said: string };
  const isOk = isFound && opened.driver === driver && said.test(opened.said);
  const told = bad.map((each) => each.name).join(', ') || 'all well';
  const more = isOk ? '' : `: ${JSON.stringify({ bad, said: opened.said })}`;
  return { name: `without ${name}`, ok: isOk, value: `${told}; ${opened.driver}${more}` };
}
