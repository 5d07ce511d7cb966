import {
  decodeFlameTree,
  type EagleClient,
  type Quality,
  type TimelineResponse,
  type TopResponse,
} from '@kube-eagle/api';
import { type CallTree, CPU, profileTypeId } from '@kube-eagle/profile';
import type { Order } from '../place/place.ts';
import type { TimeRange } from '../place/time-range.ts';

/** What is looked at: one profile type of some series in a range. */
export interface Chosen {
  readonly profileType: string;
  readonly selector: string;
  readonly range: TimeRange;
}

/** A merged tree and how far it can be trusted. */
export interface FlameAnswer {
  readonly tree: CallTree;
  readonly order: Order;
  /** Unit of the tree's values. */
  readonly unit: string;
  readonly quality: Quality | undefined;
  /** Rows that the server left out. */
  readonly cutRows: number;
}

/** Rows asked for at once: enough for a first look, little enough to come at once. */
const MAX_NODES = 16_384;
const MAX_FUNCTIONS = 500;
const MAX_GROUPS = 8;

/** The names of the types in a range, CPU time first. */
export async function askTypes(
  client: EagleClient,
  { selector, range }: Omit<Chosen, 'profileType'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { profileTypes } = await client.query.profileTypes({ selector, ...range }, { signal });
  const cpu = profileTypeId(CPU);
  return profileTypes.toSorted((a, b) => Number(b === cpu) - Number(a === cpu) || (a < b ? -1 : 1));
}

/** The labels of all series in a range: by name its values, sorted. */
export async function askLabels(
  client: EagleClient,
  range: TimeRange,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { labels } = await client.query.labels(range, { signal });
  return new Map(labels.map(({ name, values }) => [name, values]));
}

/** Which tree is asked for. */
export interface FlameQuestion {
  readonly chosen: Chosen;
  readonly order: Order;
  /** Function names from its root; the whole tree for none. */
  readonly path: readonly string[];
}

/** The merged tree, or only what is below a path of function names. */
export async function askFlame(
  client: EagleClient,
  { chosen, order, path }: FlameQuestion,
  signal: AbortSignal,
): Promise<FlameAnswer> {
  const answer = await client.query.flameTree(
    {
      selection: selectionOf(chosen),
      maxNodes: MAX_NODES,
      path: [...path],
      bottomUp: order === 'callers',
    },
    { signal },
  );
  const { unit, quality, cutNodes } = answer;
  return { tree: decodeFlameTree(answer), order, unit, quality, cutRows: cutNodes };
}

/** The functions with the most of the value, over all stacks. */
export function askTop(
  client: EagleClient,
  chosen: Chosen,
  signal: AbortSignal,
): Promise<TopResponse> {
  return client.query.top({ selection: selectionOf(chosen), limit: MAX_FUNCTIONS }, { signal });
}

/** Sums over time, split by a label, or in one where it is `''`. */
export function askTimeline(
  client: EagleClient,
  chosen: Chosen,
  groupBy: string,
  signal: AbortSignal,
): Promise<TimelineResponse> {
  const group = groupBy === '' ? [] : [groupBy];
  return client.query.timeline(
    { selection: selectionOf(chosen), groupBy: group, limit: MAX_GROUPS },
    { signal },
  );
}

function selectionOf({ profileType, selector, range }: Chosen) {
  return { profileType, selector, ...range };
}
