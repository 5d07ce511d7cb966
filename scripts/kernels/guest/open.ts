/** Opens the sampler that this process may, and writes which one and why, as JSON. */
import { messageOf } from '@kube-eagle/profile';
import { createEbpfDriver } from '../../../packages/agent/src/sampler/ebpf.ts';
import { openSampler } from '../../../packages/agent/src/sampler/open-sampler.ts';
import { createPerfEventDriver } from '../../../packages/agent/src/sampler/perf-event.ts';

const options = { nowMs: Date.now, uid: process.getuid?.() ?? 0 };
const drivers = [createEbpfDriver(options), createPerfEventDriver(options)];
async function opened(): Promise<object> {
  try {
    const request = { rateHz: 19, windowMs: 10_000, pids: [] };
    const { driver, findings } = await openSampler(request, drivers);
    return { driver, said: findings.map(({ detail, mend }) => `${detail}; ${mend}`).join('. ') };
  } catch (error) {
    return { driver: 'none', said: messageOf(error) };
  }
}
process.stdout.write(JSON.stringify(await opened()), () => process.exit(0));
