import { listOf, recordOf, textOf } from './json-fields.ts';

/** A page of a list. */
export interface ListPage {
  /** Version of the whole list, from which a watch goes on. */
  readonly version: string;
  /** Where the next page begins; empty at the end. */
  readonly next: string;
  readonly items: readonly unknown[];
}

/** A line of a watch. */
export type WatchEvent =
  | { readonly kind: 'put' | 'removed'; readonly version: string; readonly object: unknown }
  /** Nothing happened up to this version. */
  | { readonly kind: 'bookmark'; readonly version: string }
  | { readonly kind: 'error'; readonly error: KubeFailure }
  /** Something that nobody should send. */
  | { readonly kind: 'unknown'; readonly line: string };

/** What the API says went wrong: a Status. */
export interface KubeFailure {
  readonly code: number;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
}

const MAX_SHOWN = 200;

/**
 * A page of a list, `undefined` for a text that is none.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export function parseListPage(text: string): ListPage | undefined {
  const list = recordOf(parsedJson(text));
  const metadata = recordOf(list['metadata']);
  const version = textOf(metadata['resourceVersion']);
  // A list without items says null, or nothing.
  if (version === '' || !textOf(list['kind']).endsWith('List')) return undefined;
  return { version, next: textOf(metadata['continue']), items: listOf(list['items']) };
}

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes */
export function parseWatchEvent(line: string): WatchEvent {
  const event = recordOf(parsedJson(line));
  const object = event['object'];
  const version = textOf(recordOf(recordOf(object)['metadata'])['resourceVersion']);
  switch (event['type']) {
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'put', version, object };
    case 'DELETED':
      return { kind: 'removed', version, object };
    case 'BOOKMARK':
      return { kind: 'bookmark', version };
    case 'ERROR':
      return { kind: 'error', error: failureOf(object) };
    default:
      return { kind: 'unknown', line: line.slice(0, MAX_SHOWN) };
  }
}

/** What a refusal says. `status` is that of HTTP. */
export function parseFailure(status: number, text: string): KubeFailure {
  const { message, retryAfterMs } = failureOf(parsedJson(text));
  return { code: status, message: message || text.trim().slice(0, MAX_SHOWN), retryAfterMs };
}

function failureOf(object: unknown): KubeFailure {
  const { code, message, details } = recordOf(object);
  const seconds = recordOf(details)['retryAfterSeconds'];
  return {
    code: typeof code === 'number' ? code : 0,
    message: textOf(message).slice(0, MAX_SHOWN),
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined,
  };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
