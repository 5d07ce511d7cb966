import type { Cgroup } from '../sampler/sampler.ts';

/** Who a process belongs to, as the names of its control groups tell. */
export interface CgroupIdentity {
  /** 64 hexadecimal digits of the innermost container; empty outside containers. */
  readonly containerId: string;
  /** Of the Kubernetes pod; empty outside pods. */
  readonly podUid: string;
  /** The innermost service of systemd, e.g. `nginx.service`; empty where there is none. */
  readonly unit: string;
}

/** Text that is looked at; the file has some ten lines. */
const MAX_TEXT = 65_536;

/** `docker-<id>.scope` (systemd driver) or `<id>` (cgroupfs driver), of every runtime; not its monitor. */
const CONTAINER = /^(?!.*conmon-)(?:[a-z][a-z-]*-)?([0-9a-f]{64})(?:\.scope)?$/;
/** `kubepods-burstable-pod1234_5678.slice` or `pod1234-5678`. */
const POD = /^(?:kubepods(?:-[a-z]+)?-)?pod([0-9a-f]{8}[-_0-9a-f]{24,28})(?:\.slice)?$/;
const SERVICE = /^(.+\.service)$/;

/** A path of control groups in one of the kernel's trees that samples can be filtered by. */
export interface CgroupPath {
  readonly hierarchy: Cgroup['hierarchy'];
  readonly path: string;
}

/** The paths in those trees of `/proc/PID/cgroup`, as {@link parseCgroup} reads it. */
export function cgroupPaths(text: string): readonly CgroupPath[] {
  return linesOf(text).flatMap(({ controllers, path }): CgroupPath[] => {
    if (controllers === '') return [{ hierarchy: 'unified', path }];
    return controllers.split(',').includes('pids') ? [{ hierarchy: 'pids', path }] : [];
  });
}

/** The container or service that a folder of a path stands for, by its own name. */
export function cgroupName(folder: string): string {
  const [last = ''] = folder.split(':').slice(-1);
  return CONTAINER.exec(last)?.[1] ?? withoutEscapes(SERVICE.exec(folder)?.[1] ?? '');
}

/**
 * Reads `/proc/PID/cgroup` (cgroups(7)): a line a hierarchy with version 1, one line with version 2.
 * The path that names a container counts, the innermost where they are nested.
 */
export function parseCgroup(text: string): CgroupIdentity {
  const identities = linesOf(text).map(({ path }) => identityOf(path));
  const inContainer = identities.find(({ containerId }) => containerId !== '');
  const inUnit = identities.find(({ unit }) => unit !== '');
  return inContainer ?? inUnit ?? { containerId: '', podUid: '', unit: '' };
}

function linesOf(text: string) {
  return text
    .slice(0, MAX_TEXT)
    .split('\n')
    .map((line) => line.split(':'))
    .map(([, controllers = '', ...path]) => ({ controllers, path: path.join(':') }))
    .filter(({ path }) => path !== '');
}

function identityOf(path: string): CgroupIdentity {
  // What is innermost counts: a node of kind is itself a container.
  // `slice:cri-containerd:<id>` is what containerd makes of a slice it takes for a folder.
  const parts = path.split(/[/:]/).reverse();
  const first = (pattern: RegExp): string => {
    const part = parts.find((each) => pattern.test(each));
    return part === undefined ? '' : (pattern.exec(part)?.[1] ?? '');
  };
  const containerId = first(CONTAINER);
  return {
    containerId,
    podUid: first(POD).replaceAll('_', '-'),
    unit: containerId === '' ? withoutEscapes(first(SERVICE)) : '',
  };
}

/** Undoes the escapes of systemd-escape(1): `\x2d` is `-`. */
function withoutEscapes(unit: string): string {
  return unit.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
