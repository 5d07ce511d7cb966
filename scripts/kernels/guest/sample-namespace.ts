/** Samples everything that this process's pid namespace shows, and writes it as JSON. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readStat } from '../../../packages/agent/src/proc/process.ts';
import { PROGRAMS, startAside } from './programs.ts';
import { namedStacks, openEbpf, windowsOf } from './stacks-of.ts';

const pidOf = (comm: string): number =>
  readdirSync('/proc')
    .map(Number)
    .find((pid) => pid > 0 && readStat(pid)?.comm === comm) ?? 0;

using _beside = startAside([`${PROGRAMS}/beside`, '600']);
// Not one of this namespace's own, but shown by it.
spawn('/bin/busybox', ['unshare', '--pid', '--fork', `${PROGRAMS}/below`, '600'], {
  stdio: 'ignore',
});
await using sampler = await openEbpf({ rateHz: 199, windowMs: 1_000, pids: [] });
const windows = await windowsOf(sampler, { warmUpMs: 20_000, durationMs: 8_000 });
const stacks = await namedStacks(windows);
process.stdout.write(JSON.stringify({ below: pidOf('below'), stacks }), () => process.exit(0));
