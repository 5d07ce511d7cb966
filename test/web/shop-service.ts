import type { ConnectRouter } from '@connectrpc/connect';
import { encodeFlameTree, QueryService, StatusService } from '@kube-eagle/api';
import {
  bottomUp,
  CPU,
  callTree,
  cutTree,
  hotList,
  labelValue,
  type Profile,
  parseSelector,
  profileTypeId,
  qualityCounts,
  selectSamples,
  subtreeAt,
} from '@kube-eagle/profile';

/** Query and status services over one profile, its trees cut to `maxRows` rows. */
export function shopServices(profile: Profile, maxRows: number): (router: ConnectRouter) => void {
  const endMs = profile.startMs + profile.durationNs / 1e6;

  function select(selector: string, fromMs: number, toMs: number): Profile {
    return selectSamples(profile, { matchers: parseSelector(selector), fromMs, toMs });
  }

  function qualityOf({ quality }: Profile) {
    const sum = (column: Float64Array): number => column.reduce((all, one) => all + one, 0);
    return qualityCounts((name) => sum(quality[name]));
  }

  return (router) => {
    router.service(StatusService, {
      status: () => ({
        version: '0.0.0',
        nowMs: endMs,
        agentsConnected: 1,
        store: { engine: 'memory', newestMs: endMs },
      }),
    });
    router.service(QueryService, {
      profileTypes({ selector, fromMs, toMs }) {
        const isEmpty = select(selector, fromMs, toMs).samples.length === 0;
        return { profileTypes: isEmpty ? [] : [profileTypeId(CPU)] };
      },
      labels: () => ({
        labels: [
          { name: 'namespace', values: ['shop'] },
          { name: 'service_name', values: ['cart', 'orders', 'ranking'] },
        ],
      }),
      timeline({ selection, groupBy: [name = ''] }) {
        const { selector = '', fromMs = 0, toMs = 0 } = selection ?? {};
        const found = select(selector, fromMs, toMs);
        const stepMs = Math.max(10_000, Math.ceil((toMs - fromMs) / 200 / 10_000) * 10_000);
        const buckets = Math.ceil((toMs - fromMs) / stepMs);
        const groups = new Map<string, Float64Array>();
        for (let row = 0; row < found.samples.length; row++) {
          const key = labelValue(found.series.labels[found.samples.series[row] ?? 0] ?? [], name);
          const values = groups.get(key) ?? new Float64Array(buckets);
          groups.set(key, values);
          const bucket = Math.floor(((found.samples.timeMs[row] ?? 0) - fromMs) / stepMs);
          values[bucket] = (values[bucket] ?? 0) + (found.samples.value[row] ?? 0);
        }
        const series = [...groups].map(([key, values]) => ({
          labels: key === '' ? {} : { [name]: key },
          values: [...values],
        }));
        return { stepMs, startMs: fromMs, series };
      },
      flameTree({ selection, path, bottomUp: isBottomUp }) {
        const { selector = '', fromMs = 0, toMs = 0 } = selection ?? {};
        const found = select(selector, fromMs, toMs);
        const whole = isBottomUp ? bottomUp(callTree(found)) : callTree(found);
        const { tree, cutNodes } = cutTree(subtreeAt(whole, path) ?? whole, maxRows);
        return {
          ...encodeFlameTree(tree),
          unit: CPU.sampleUnit,
          quality: qualityOf(found),
          cutNodes,
        };
      },
      top({ selection }) {
        const { selector = '', fromMs = 0, toMs = 0 } = selection ?? {};
        const found = select(selector, fromMs, toMs);
        const tree = callTree(found);
        return {
          functions: hotList(tree).map(({ name, self, total }) => ({ name, self, total })),
          total: tree.total[0] ?? 0,
          unit: CPU.sampleUnit,
          quality: qualityOf(found),
        };
      },
    });
  };
}
