import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  FlameTreeResponseSchema,
  type LabelsResponse,
  LabelsResponseSchema,
  ProfileTypesResponseSchema,
  QualitySchema,
  type QueryService,
  TopResponseSchema,
} from '@kube-eagle/api';
import {
  EagleError,
  type Profile,
  profileTypeId,
  qualityCounts,
  type Truncation,
} from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';
import type { ProfileStore, StoredSeries } from '../store/profile-store.ts';
import type { Answerer } from './answerer.ts';
import type { QueryGate } from './query-gate.ts';
import { rangeQuery, selectionQuery } from './selection.ts';
import { timeline } from './timeline.ts';

export interface QueryPorts {
  readonly store: ProfileStore;
  readonly answerer: Answerer;
  readonly gate: QueryGate;
  readonly limits: Limits;
}

const DEFAULT_NODES = 8_192;
const DEFAULT_FUNCTIONS = 100;

/** Questions about stored profiles, as query.proto has them. */
export function createQueryService(ports: QueryPorts): ServiceImpl<typeof QueryService> {
  const { store, answerer, gate, limits } = ports;
  return {
    profileTypes: (request, { signal: left }) =>
      gate('profile_types', left, async (signal) => {
        const series = await store.series(rangeQuery(request), signal);
        // In order, as the store gives them.
        const ids = new Set(series.map(({ type }) => profileTypeId(type)));
        return create(ProfileTypesResponseSchema, { profileTypes: [...ids] });
      }),
    labels: (request, { signal: left }) =>
      gate('labels', left, async (signal) => {
        const series = await store.series(rangeQuery(request), signal);
        return labelValues(series, request.name, limits);
      }),
    timeline: (request, { signal: left }) =>
      gate('timeline', left, (signal) => timeline(request, store, limits, signal)),
    flameTree: (request, { signal: left }) =>
      gate('flame_tree', left, async (signal) => {
        const query = selectionQuery(request.selection);
        const maxNodes = bounded('flame_nodes', request.maxNodes || DEFAULT_NODES, limits);
        const profile = await store.merge(query, signal);
        const { path, bottomUp: isBottomUp } = request;
        const question = { maxNodes, path, isBottomUp };
        const answer = await answerer.answer('flame', profile, question, signal);
        return create(FlameTreeResponseSchema, {
          ...answer.columns,
          cutNodes: answer.cutNodes,
          unit: query.type.sampleUnit,
          quality: qualityOf(profile, answer.truncations),
        });
      }),
    top: (request, { signal: left }) =>
      gate('top', left, async (signal) => {
        const query = selectionQuery(request.selection);
        const limit = bounded('top_functions', request.limit || DEFAULT_FUNCTIONS, limits);
        const profile = await store.merge(query, signal);
        const { functions, total, leftOut, truncations } = await answerer.answer(
          'top',
          profile,
          { limit },
          signal,
        );
        return create(TopResponseSchema, {
          functions: functions.map(({ name, file, self, total }) => ({ name, file, self, total })),
          total,
          leftOut,
          unit: query.type.sampleUnit,
          quality: qualityOf(profile, truncations),
        });
      }),
  };
}

function bounded(name: 'flame_nodes' | 'top_functions', asked: number, limits: Limits): number {
  const most = limits.value(name);
  if (asked <= most) return asked;
  limits.hit(name);
  throw new EagleError('invalid_argument', `expected at most ${most} (${name}), got ${asked}`);
}

/** Names and values of all series' labels, both sorted; long lists cut at the limit. */
function labelValues(
  series: readonly StoredSeries[],
  onlyName: string,
  limits: Limits,
): LabelsResponse {
  const byName = new Map<string, Set<string>>();
  for (const { labels } of series) {
    for (const { name, value } of labels) {
      if (onlyName !== '' && name !== onlyName) continue;
      const values = byName.get(name) ?? new Set();
      byName.set(name, values.add(value));
    }
  }
  const most = limits.value('label_values');
  const names = [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
  return create(LabelsResponseSchema, {
    labels: names.map(([name, set]) => {
      const values = [...set].sort((a, b) => (a < b ? -1 : 1));
      const leftOut = Math.max(0, values.length - most);
      if (leftOut > 0) limits.hit('label_values', leftOut);
      return { name, values: values.slice(0, most), leftOut };
    }),
  });
}

/** The quality of a merged profile as it goes over the wire. */
function qualityOf({ quality }: Profile, truncations: readonly Truncation[]) {
  const sum = (column: Float64Array): number => column.reduce((total, value) => total + value, 0);
  return create(QualitySchema, {
    ...qualityCounts((name) => sum(quality[name])),
    truncations: [...truncations],
  });
}
