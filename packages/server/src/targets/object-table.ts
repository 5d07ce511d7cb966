import type { ObjectName } from './cluster-objects.ts';

/** Where a reflector puts what it reads. */
export interface Mirror<T> {
  readonly size: number;
  /** All there is: what is not among it is removed. */
  replace(objects: readonly T[]): void;
  put(object: T): void;
  remove(object: T): void;
}

/** Objects by namespace and name. */
export interface ObjectTable<T extends ObjectName> extends Mirror<T> {
  get(namespace: string, name: string): T | undefined;
  inNamespace(namespace: string): Iterable<T>;
  /** In all namespaces. */
  named(name: string): readonly T[];
  namespaces(): Iterable<string>;
  all(): Iterable<T>;
}

export interface TableOptions<T> {
  /** Objects that are kept at most. */
  readonly limit: number;
  /** Told of each object that there was no room for. */
  readonly refused: () => void;
  /** Told of each change: an object added has no `before`, one removed no `after`. */
  readonly changed?: (before: T | undefined, after: T | undefined) => void;
}

/** An empty table. */
export function createObjectTable<T extends ObjectName>({
  limit,
  refused,
  changed = () => {},
}: TableOptions<T>): ObjectTable<T> {
  const byNamespace = new Map<string, Map<string, T>>();
  let size = 0;

  const get = (namespace: string, name: string): T | undefined =>
    byNamespace.get(namespace)?.get(name);

  function put(object: T): void {
    const { namespace, name } = object;
    const before = get(namespace, name);
    if (!before && size >= limit) {
      refused();
      return;
    }
    const objects = byNamespace.get(namespace) ?? new Map<string, T>();
    objects.set(name, object);
    byNamespace.set(namespace, objects);
    if (!before) size++;
    changed(before, object);
  }

  function remove({ namespace, name }: ObjectName): void {
    const objects = byNamespace.get(namespace);
    const before = objects?.get(name);
    if (!objects || !before) return;
    objects.delete(name);
    if (objects.size === 0) byNamespace.delete(namespace);
    size--;
    changed(before, undefined);
  }

  function* all(): Iterable<T> {
    for (const objects of byNamespace.values()) yield* objects.values();
  }

  return {
    get size() {
      return size;
    },
    get,
    put,
    remove,
    replace(objects) {
      const kept = new Set(objects.map(keyOf));
      for (const old of [...all()]) if (!kept.has(keyOf(old))) remove(old);
      for (const object of objects) put(object);
    },
    inNamespace: (namespace) => byNamespace.get(namespace)?.values() ?? [],
    named: (name) => [...byNamespace.values()].flatMap((objects) => objects.get(name) ?? []),
    namespaces: () => byNamespace.keys(),
    all,
  };
}

/** A slash is in no name. */
const keyOf = ({ namespace, name }: ObjectName): string => `${namespace}/${name}`;
