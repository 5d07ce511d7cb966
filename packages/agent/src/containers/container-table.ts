import type { Container, ContainerChange, ContainerRuntime } from './container-source.ts';
import type { UnknownContainers } from './unknown-containers.ts';

/** What a name stands for. */
export type NamedContainer =
  | { readonly kind: 'found'; readonly container: Container }
  | { readonly kind: 'ambiguous'; readonly names: readonly string[] }
  /** The names there are, sorted. */
  | { readonly kind: 'none'; readonly names: readonly string[] };

/** Containers that runtimes told of: those that run, and those that ended last. */
export interface ContainerTable {
  apply(runtime: ContainerRuntime, change: ContainerChange): void;
  /** A container by its id, also shortly after its end. One that is not known is asked for. */
  find(id: string): Container | undefined;
  /** The running container of Docker of that name, or whose id begins so. */
  named(word: string): NamedContainer;
}

/** What has ended is still in the window that is being counted. */
const ENDED_KEPT = 1_024;
const SHORT_ID = 12;

export interface TableOptions {
  /** Of running containers. */
  readonly limit: number;
  readonly unknown: Pick<UnknownContainers, 'met' | 'named'>;
  /** Called for each container that found no room. */
  readonly onDropped: () => void;
}

/** An empty table. */
export function createContainerTable({ limit, unknown, onDropped }: TableOptions): ContainerTable {
  const running = new Map<string, Container>();
  const ended = new Map<string, Container>();

  function run(container: Container): void {
    if (running.size >= limit && !running.has(container.id)) {
      onDropped();
      return;
    }
    running.set(container.id, container);
    ended.delete(container.id);
    unknown.named(container.id);
  }

  function end(id: string): void {
    const container = running.get(id);
    if (!container) return;
    running.delete(id);
    ended.set(id, container);
    if (ended.size > ENDED_KEPT) ended.delete(ended.keys().next().value ?? '');
  }

  return {
    apply(runtime, change) {
      if (change.kind === 'runs') run(change.container);
      if (change.kind === 'ended') end(change.id);
      if (change.kind !== 'all') return;
      const listed = new Set(change.containers.map(({ id }) => id));
      const before = [...running.values()].filter((each) => each.runtime === runtime);
      for (const { id } of before) if (!listed.has(id)) end(id);
      for (const container of change.containers) run(container);
    },
    find(id) {
      const known = running.get(id) ?? ended.get(id);
      if (!known && id !== '') unknown.met(id);
      return known;
    },
    named(word) {
      const ofDocker = [...running.values()].filter(({ runtime }) => runtime === 'docker');
      const exact = ofDocker.find(({ name }) => name === word);
      if (exact) return { kind: 'found', container: exact };
      const begin = /^[0-9a-f]{4,64}$/.test(word) ? word : '-';
      const [first, ...more] = ofDocker.filter(({ id }) => id.startsWith(begin));
      const all = first ? [first, ...more] : ofDocker;
      const names = all.map(({ id, name }) => name || id.slice(0, SHORT_ID)).sort();
      if (!first) return { kind: 'none', names };
      return more.length > 0 ? { kind: 'ambiguous', names } : { kind: 'found', container: first };
    },
  };
}
