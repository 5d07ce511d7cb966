import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { writeCpio } from './cpio.ts';
import type { Kernel } from './fetch-kernel.ts';
import { GUEST_ROOT, imageEntries } from './initramfs.ts';

const MEMORY = '3G';
const CPUS = '2';
/** Some ten times what it takes on a machine that does nothing else. */
const TIMEOUT_MS = 90 * 60_000;

/**
 * Types are stripped from sources by WebAssembly. Where V8 made that code faster, an emulated CPU has
 * crashed it (in Runtime_WasmTriggerTierUp, on 6.12).
 */
const NODE = 'node --liftoff-only';

/** The first process of a guest: mounts what a machine has, runs the checks, ends. */
const INIT = `#!/bin/busybox sh
export PATH=/bin:/usr/bin:/sbin:/usr/sbin HOME=/tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t securityfs security /sys/kernel/security
ip link set lo up
cd ${GUEST_ROOT}
${NODE} scripts/kernels/guest/main.ts "$@" </dev/null >/dev/ttyS1 2>/dev/ttyS2
poweroff -f
`;

/** Writes the root file system that guests unpack, with the programs of a folder. */
export async function writeInitramfs(path: string, programs: string): Promise<void> {
  await pipeline(Readable.from(writeCpio(imageEntries(INIT, programs))), createWriteStream(path));
}

/** What is booted, beside a kernel. */
export interface Guest {
  readonly initramfs: string;
  /** Suites that run; all of them if empty. */
  readonly suites: readonly string[];
  /** For what the guest writes. */
  readonly folder: string;
}

/**
 * Boots a kernel under qemu, which emulates the processor so that it runs anywhere, and gives what
 * the checks wrote. What they say meanwhile goes to this process's standard error. Throws where
 * there is no qemu, or where the guest does not end in time.
 */
export async function boot(kernel: Kernel, { initramfs, suites, folder }: Guest): Promise<string> {
  const results = join(folder, `results-${kernel.version}`);
  const consoleLog = join(folder, `console-${kernel.version}`);
  const arguments_ = [
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max,la57=off'],
    ...['-smp', CPUS, '-m', MEMORY, '-nodefaults', '-no-reboot', '-display', 'none'],
    ...['-nic', 'none', '-kernel', kernel.image, '-initrd', initramfs],
    ...['-append', ['console=ttyS0 quiet panic=-1 --', ...suites].join(' ')],
    ...['-serial', `file:${consoleLog}`, '-serial', `file:${results}`, '-serial', 'stdio'],
  ];
  const qemu = spawn('qemu-system-x86_64', arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  qemu.stdout.pipe(process.stderr, { end: false });
  const timer = setTimeout(() => qemu.kill('SIGKILL'), TIMEOUT_MS);
  const [status, signal] = await once(qemu, 'exit');
  clearTimeout(timer);
  if (status !== 0) throw new Error(`expected qemu to end well, got ${signal ?? status}`);
  return await readFile(results, 'utf8');
}
