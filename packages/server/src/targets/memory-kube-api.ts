import { createMailbox, type Mailbox } from '../agents/mailbox.ts';
import { recordOf, textOf } from './json-fields.ts';
import type { KubeAnswer, KubeApi } from './kube-api.ts';

/** An API over objects in memory, with lists in pages and watches: for tests. */
export interface MemoryKubeApi extends KubeApi {
  /** Adds or changes an object of a collection such as `/api/v1/pods`. */
  put(collection: string, object: KubeObject): void;
  remove(collection: string, name: string, namespace?: string): void;
  /** Forgets what happened, so that watches and pages of before are refused with 410. */
  compact(): void;
  /** Tells all watches how far they are. */
  bookmark(): void;
  /** Ends all watches as their time had come. */
  endWatches(): void;
  /** Paths of the requests so far. */
  readonly requests: readonly string[];
}

export interface KubeObject {
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<
    string,
    unknown
  >;
  readonly [field: string]: unknown;
}

/** An API without objects. */
export function createMemoryKubeApi(): MemoryKubeApi {
  const collections = new Map<string, Map<string, KubeObject>>();
  const history = createHistory();
  const requests: string[] = [];

  const objectsOf = (collection: string): Map<string, KubeObject> => {
    const objects = collections.get(collection) ?? new Map<string, KubeObject>();
    collections.set(collection, objects);
    return objects;
  };

  function list(collection: string, query: URLSearchParams): KubeAnswer {
    const objects = [...objectsOf(collection).values()];
    const [start = '0', version = history.version()] = query.get('continue')?.split('@') ?? [];
    if (Number(version) < history.oldest()) return gone();
    const end = Number(start) + Number(query.get('limit') ?? objects.length);
    const next = end < objects.length ? { continue: `${end}@${version}` } : {};
    const metadata = { resourceVersion: String(version), ...next };
    return answer(200, { kind: 'List', metadata, items: objects.slice(Number(start), end) });
  }

  return {
    server: 'memory',
    requests,
    async get({ path }, signal) {
      signal.throwIfAborted();
      requests.push(path);
      const { pathname, searchParams } = new URL(path, 'http://memory');
      if (!searchParams.has('watch')) return list(pathname, searchParams);
      const from = Number(searchParams.get('resourceVersion'));
      if (from < history.oldest()) return gone();
      return { ...answer(200, {}), body: history.watch(pathname, from, signal) };
    },
    put(collection, object) {
      const objects = objectsOf(collection);
      const type = objects.has(keyOf(object)) ? 'MODIFIED' : 'ADDED';
      objects.set(keyOf(object), history.add(type, collection, object));
    },
    remove(collection, name, namespace = '') {
      const objects = objectsOf(collection);
      const key = keyOf({ metadata: { name, namespace } });
      const object = objects.get(key);
      if (!object) return;
      objects.delete(key);
      history.add('DELETED', collection, object);
    },
    compact: history.forget,
    bookmark: history.bookmark,
    endWatches: history.endWatches,
  };
}

const MAX_WAITING = 100_000;

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly line: Uint8Array;
}

/** What happened, version by version, and who watches it. */
function createHistory() {
  const watches = new Map<Mailbox<Uint8Array>, string>();
  let changes: Change[] = [];
  let version = 1;
  let oldest = 1;
  return {
    version: () => version,
    oldest: () => oldest,
    add(type: string, collection: string, object: KubeObject): KubeObject {
      version++;
      const metadata = { ...object.metadata, resourceVersion: String(version) };
      const stored = { ...object, metadata };
      const line = jsonLine({ type, object: stored });
      changes.push({ version, collection, line });
      for (const [watch, of] of watches) if (of === collection) watch.post(line);
      return stored;
    },
    forget(): void {
      version++;
      oldest = version;
      changes = [];
    },
    bookmark(): void {
      const object = { metadata: { resourceVersion: String(version) } };
      for (const watch of watches.keys()) watch.post(jsonLine({ type: 'BOOKMARK', object }));
    },
    endWatches(): void {
      for (const watch of watches.keys()) watch.end();
    },
    async *watch(collection: string, from: number, signal: AbortSignal) {
      const watch = createMailbox<Uint8Array>(MAX_WAITING);
      for (const change of changes) {
        if (change.version > from && change.collection === collection) watch.post(change.line);
      }
      watches.set(watch, collection);
      try {
        yield* watch.read(signal);
        signal.throwIfAborted();
      } finally {
        watches.delete(watch);
      }
    },
  };
}

const keyOf = ({ metadata }: { readonly metadata: unknown }): string => {
  const { namespace, name } = recordOf(metadata);
  return `${textOf(namespace)}/${textOf(name)}`;
};

const jsonLine = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value)}\n`);

function answer(status: number, value: unknown): KubeAnswer {
  return { status, retryAfterMs: undefined, body: once(jsonLine(value)) };
}

async function* once(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}

const gone = (): KubeAnswer =>
  answer(410, { kind: 'Status', code: 410, message: 'too old resource version' });
