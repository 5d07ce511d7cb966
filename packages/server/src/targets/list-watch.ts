import { EagleError } from '@kube-eagle/profile';
import type { Clock } from '../clock.ts';
import { readLines, readText } from './body-text.ts';
import type { KubeAnswer, KubeApi } from './kube-api.ts';
import {
  type KubeFailure,
  parseFailure,
  parseListPage,
  parseWatchEvent,
  type WatchEvent,
} from './watch-event.ts';
import { createWatchdog, type Watchdog } from './watchdog.ts';

/** Objects of one kind, and how they are read. */
export interface Resource<T> {
  /** As the API calls it: `pods`. */
  readonly name: string;
  /** `/api/v1/pods` */
  readonly path: string;
  /** Whether their metadata is all that is wanted. */
  readonly metadataOnly: boolean;
  /** `undefined` for what cannot be used. */
  readonly read: (object: unknown) => T | undefined;
}

export interface ListWatchPorts {
  readonly api: KubeApi;
  readonly clock: Clock;
  /** How long nothing may come before a request is given up. Bookmarks come every minute. */
  readonly silenceMs: number;
  /** Told before each request, of how it was asked. */
  readonly asked: (verb: 'list' | 'watch') => void;
}

/** All objects there are, and the version from which a watch goes on; or why there are none. */
export type Listing<T> =
  | { readonly kind: 'listed'; readonly objects: readonly T[]; readonly version: string }
  | { readonly kind: 'refused'; readonly failure: KubeFailure };

const PAGE_SIZE = 500;
const MAX_PAGE_BYTES = 64 << 20;
const MAX_LINE_BYTES = 16 << 20;

/**
 * Reads all pages. Throws `unavailable` where the connection breaks or something else answers,
 * `deadline_exceeded` after a silence, `resource_exhausted` for a page that is too long.
 */
export async function listAll<T>(
  resource: Resource<T>,
  ports: ListWatchPorts,
  signal: AbortSignal,
): Promise<Listing<T>> {
  const objects: T[] = [];
  let next = '';
  for (;;) {
    // No resourceVersion: with one, servers answer with all at once, however much that is.
    const query = new URLSearchParams({
      limit: String(PAGE_SIZE),
      ...(next && { continue: next }),
    });
    ports.asked('list');
    using watchdog = createWatchdog(ports.clock, ports.silenceMs, signal);
    const answer = await ask(resource, query, ports.api, watchdog.signal);
    const text = await readText(heard(answer.body, watchdog), MAX_PAGE_BYTES);
    if (answer.status !== 200) return { kind: 'refused', failure: failureOf(answer, text) };
    const page = parseListPage(text);
    if (!page) throw new EagleError('unavailable', 'expected a list, got something else');
    for (const item of page.items) {
      const object = resource.read(item);
      if (object !== undefined) objects.push(object);
    }
    if (page.next === '') return { kind: 'listed', objects, version: page.version };
    next = page.next;
  }
}

/** How long a watch is to last, and from which version. */
export interface WatchOptions {
  readonly version: string;
  readonly timeoutS: number;
}

/**
 * What happens after a version, until the server ends the watch. A refusal is an event of kind
 * `error`. Throws as {@link listAll} does.
 */
export async function* watchFrom<T>(
  resource: Resource<T>,
  { version, timeoutS }: WatchOptions,
  ports: ListWatchPorts,
  signal: AbortSignal,
): AsyncIterable<WatchEvent> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: version,
    timeoutSeconds: String(timeoutS),
  });
  ports.asked('watch');
  using watchdog = createWatchdog(ports.clock, ports.silenceMs, signal);
  const answer = await ask(resource, query, ports.api, watchdog.signal);
  const body = heard(answer.body, watchdog);
  if (answer.status !== 200) {
    yield { kind: 'error', error: failureOf(answer, await readText(body, MAX_PAGE_BYTES)) };
    return;
  }
  for await (const line of readLines(body, MAX_LINE_BYTES)) {
    if (line !== '') yield parseWatchEvent(line);
  }
}

async function ask<T>(
  { path, metadataOnly }: Resource<T>,
  query: URLSearchParams,
  api: KubeApi,
  signal: AbortSignal,
): Promise<KubeAnswer> {
  const as = query.has('watch') ? 'PartialObjectMetadata' : 'PartialObjectMetadataList';
  const partial = `application/json;as=${as};g=meta.k8s.io;v=v1,`;
  const accept = `${metadataOnly ? partial : ''}application/json`;
  return await api.get({ path: `${path}?${query}`, accept }, signal);
}

async function* heard(
  chunks: AsyncIterable<Uint8Array>,
  watchdog: Watchdog,
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    watchdog.heard();
    yield chunk;
  }
}

function failureOf({ status, retryAfterMs }: KubeAnswer, text: string): KubeFailure {
  const failure = parseFailure(status, text);
  return { ...failure, retryAfterMs: retryAfterMs ?? failure.retryAfterMs };
}
