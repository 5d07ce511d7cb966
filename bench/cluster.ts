import {
  CPU,
  createProfileBuilder,
  labelsOf,
  NONE,
  type Profile,
  type ProfileBuilder,
  type StackId,
} from '@kube-eagle/profile';
import { createRandom, type Random } from './random.ts';

/** Nanoseconds a sample stands for at 19 Hz. */
const PERIOD_NS = 52_631_579;
const STACKS_A_WORKLOAD = 5000;
const FUNCTIONS_A_WORKLOAD = 1200;
const SAMPLES_A_WINDOW = 700;

/** A made-up cluster: some containers a node, each of a workload with stacks of its own. */
export interface ClusterShape {
  readonly nodes: number;
  readonly containersANode: number;
  readonly workloads: number;
}

/**
 * What an agent of each node sends for one window: about 300 stacks a container, 22 frames deep,
 * drawn by Zipf's law. `windows` of each node, the same at every run; times are 0.
 */
export function clusterWindows(
  { nodes, containersANode, workloads }: ClusterShape,
  windows: number,
): Profile[][] {
  const random = createRandom(42);
  const pools = Array.from({ length: workloads }, () => stackPool(random));
  return Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: windows }, () => {
      const builder = createProfileBuilder();
      for (let container = 0; container < containersANode; container++) {
        const number = node * containersANode + container;
        addContainer(builder, { node, number, workload: number % workloads }, pools, random);
      }
      return builder.finish();
    }),
  );
}

/** The profile with all its rows at one time. */
export function atTime(profile: Profile, timeMs: number): Profile {
  const { samples, quality } = profile;
  return {
    ...profile,
    samples: { ...samples, timeMs: new Float64Array(samples.length).fill(timeMs) },
    quality: { ...quality, timeMs: new Float64Array(quality.length).fill(timeMs) },
  };
}

/** Paths of functions by number; each shares its first part with an earlier one. */
function stackPool(random: Random): number[][] {
  const paths: number[][] = [[0, 1, 2]];
  while (paths.length < STACKS_A_WORKLOAD) {
    const base = paths[Math.floor(random() ** 1.5 * paths.length)] ?? [];
    const path = base.slice(0, Math.max(3, Math.floor(base.length * (0.5 + random() * 0.6))));
    const depth = 10 + Math.floor(random() * 25);
    const grown = path.length + 1 + Math.floor(random() * 8);
    while (path.length < Math.min(depth, grown)) {
      path.push(Math.floor(random() ** 3 * FUNCTIONS_A_WORKLOAD));
    }
    paths.push(path);
  }
  return paths;
}

interface Container {
  readonly node: number;
  readonly number: number;
  readonly workload: number;
}

function addContainer(
  builder: ProfileBuilder,
  { node, number, workload }: Container,
  pools: readonly number[][][],
  random: Random,
): void {
  const labels = {
    service_name: `shop-${workload}`,
    namespace: `team-${workload % 10}`,
    workload: `shop-${workload}`,
    pod: `shop-${workload}-${number}`,
    container: 'main',
    node: `node-${node}`,
  };
  const series = builder.series(labelsOf(Object.entries(labels)), CPU, PERIOD_NS);
  const pool = pools[workload] ?? [];
  const counts = new Map<number, number>();
  for (let draw = 0; draw < SAMPLES_A_WINDOW; draw++) {
    const rank = Math.floor(pool.length ** random()) - 1;
    counts.set(rank, (counts.get(rank) ?? 0) + 1);
  }
  for (const [rank, count] of counts) {
    const stack = addStack(builder, workload, pool[rank] ?? []);
    builder.sample({ timeMs: 0, series, stack, value: count * PERIOD_NS });
  }
  const counted = { taken: SAMPLES_A_WINDOW, lost: 0, truncated: 1, unsymbolized: 2, guessed: 0 };
  builder.quality({ timeMs: 0, series, ...counted });
}

function addStack(
  builder: ProfileBuilder,
  workload: number,
  path: readonly number[],
): StackId | typeof NONE {
  const mapping = builder.mapping(`/app/shop-${workload}`, `b01d${workload}`);
  let stack: StackId | typeof NONE = NONE;
  for (const number of path) {
    const name = `github.com/acme/shop${workload}/internal/part${number % 40}.(*Service).Run${number}`;
    const fn = builder.function(name, `part${number % 40}/service.go`, number);
    const frame = { function: fn, mapping, address: 4096 + number * 64, line: number + 3 };
    stack = builder.stack(stack, builder.frame({ ...frame, kind: 'go' }));
  }
  return stack;
}
