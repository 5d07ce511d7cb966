import { parseCpuList } from '../proc/cpus.ts';
import { readProcFile } from '../proc/process.ts';

/** CPUs that run now; the first one alone where the kernel does not say. */
export function onlineCpus(): readonly number[] {
  const text = readProcFile('/sys/devices/system/cpu/online');
  const cpus = parseCpuList(text ?? '').value;
  return cpus.length > 0 ? cpus : [0];
}
