/**
 * What `doctor` says to this process, which sampler it may open and why, and how often that meets a
 * program, its own or that of a pid: as JSON.
 *
 *   node scripts/kernels/guest/open.ts [PID]
 */
import { messageOf } from '@kube-eagle/profile';
import { createEbpfDriver } from '../../../packages/agent/src/sampler/ebpf.ts';
import { type Finding, findings } from '../../../packages/agent/src/sampler/findings.ts';
import { openSampler } from '../../../packages/agent/src/sampler/open-sampler.ts';
import { createPerfEventDriver } from '../../../packages/agent/src/sampler/perf-event.ts';
import { PROGRAMS, start } from './programs.ts';
import { hasPid, samplesIn, windowsOf } from './stacks-of.ts';

/** What is written. */
export interface Opened {
  readonly findings: readonly Finding[];
  readonly driver: 'ebpf' | 'perf_event' | 'replay' | 'none';
  /** Its scope, and why drivers before it do not run. */
  readonly said: string;
  readonly samples: number;
}

async function opened(): Promise<Opened> {
  using own = start([`${PROGRAMS}/outside`, '3600']);
  const isWatched = hasPid(Number(process.argv[2] ?? own?.pid));
  const options = { nowMs: Date.now, uid: process.getuid?.() ?? 0 };
  const drivers = [createEbpfDriver(options), createPerfEventDriver(options)];
  try {
    const request = { rateHz: 99, windowMs: 1_000, pids: [] };
    const { sampler, driver, findings: tried } = await openSampler(request, drivers);
    await using _sampler = sampler;
    const windows = await windowsOf(sampler, { processes: [isWatched], samples: 20 });
    return {
      findings: findings(),
      driver,
      said: tried.map(({ detail, mend }) => `${detail}; ${mend}`).join('. '),
      samples: samplesIn(windows, isWatched),
    };
  } catch (error) {
    return { findings: findings(), driver: 'none', said: messageOf(error), samples: 0 };
  }
}

// A pipe takes it before the process ends.
process.stdout.write(JSON.stringify(await opened()), () => process.exit(0));
