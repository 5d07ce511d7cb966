import type { Parsed } from '@kube-eagle/profile';

/** No Linux has more (CONFIG_NR_CPUS). */
const MAX_CPU = 8191;

/**
 * CPU numbers of a list such as `0-3,7`, the form of /sys/devices/system/cpu/online, in order and
 * each once.
 */
export function parseCpuList(text: string): Parsed<readonly number[]> {
  const cpus = new Set<number>();
  const problems: string[] = [];
  const trimmed = text.trim();
  for (const part of trimmed === '' ? [] : trimmed.split(',').slice(0, MAX_CPU + 1)) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last);
    if (first === undefined || to < from || to > MAX_CPU) {
      problems.push(`expected a CPU or a range of them, got ${JSON.stringify(part.slice(0, 40))}`);
      break;
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.add(cpu);
  }
  return { value: [...cpus].sort((a, b) => a - b), problems };
}
