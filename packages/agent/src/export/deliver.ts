import { promisify } from 'node:util';
import { gzip, zstdDecompress } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { ExportProfilesServiceResponseSchema, IDEMPOTENCY_KEY } from '@kube-eagle/api';
import { messageOf } from '@kube-eagle/profile';
import type { Batch } from './batch-file.ts';
import type { Answer, Poster } from './post.ts';
import { retryAfterMs } from './retry.ts';

/** What became of one try to send a batch. */
export type Delivery =
  /** The server has it; `rejectedProfiles` of it it did not want. */
  | { readonly kind: 'sent'; readonly rejectedProfiles: number; readonly message: string }
  /** It never will take this batch. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It takes nobody's, or did not answer: the batch is as good as before. */
  | { readonly kind: 'later'; readonly message: string; readonly waitMs: number | undefined }
  /** It failed, which may be for what is in this batch. */
  | { readonly kind: 'failed'; readonly message: string }
  /** It does not let this agent in, or is no server of this kind. */
  | { readonly kind: 'shut'; readonly message: string };

/** Sends a batch once. Throws nothing. */
export type Deliver = (batch: Batch, signal: AbortSignal) => Promise<Delivery>;

export interface DeliverOptions {
  readonly poster: Poster;
  readonly token: string | undefined;
  readonly nowMs: () => number;
  readonly maxWaitMs: number;
}

const toGzip = promisify(gzip);
const fromZstd = promisify(zstdDecompress);
const MESSAGE_LENGTH = 500;

/**
 * Delivers by OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp), compressed with zstd
 * until a server answers 415, from then on with gzip.
 */
export function createDeliver({ poster, token, nowMs, maxWaitMs }: DeliverOptions): Deliver {
  let encoding: 'zstd' | 'gzip' = 'zstd';

  async function post({ id, body }: Batch, signal: AbortSignal): Promise<Answer> {
    const sent = encoding === 'zstd' ? body : await toGzip(await fromZstd(body));
    const headers = {
      'content-type': 'application/x-protobuf',
      'content-encoding': encoding,
      'content-length': sent.length,
      [IDEMPOTENCY_KEY]: id,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
    return await poster.post({ headers, body: sent }, signal);
  }

  return async (batch, signal) => {
    try {
      let answer = await post(batch, signal);
      if (answer.status === 415 && encoding === 'zstd') {
        encoding = 'gzip';
        answer = await post(batch, signal);
      }
      return deliveryOf(answer, (header) => retryAfterMs(header, nowMs(), maxWaitMs));
    } catch (error) {
      return { kind: 'later', message: messageOf(error), waitMs: undefined };
    }
  };
}

const LATER: readonly number[] = [408, 425, 429, 502, 503, 504];
const SHUT: readonly number[] = [401, 403, 404, 405];

function deliveryOf(
  { status, headers, body }: Answer,
  waitOf: (header: string | undefined) => number | undefined,
): Delivery {
  if (status >= 200 && status < 300) return { kind: 'sent', ...partialSuccess(body) };
  const message = `${status}: ${textOf(body) || 'no reason given'}`;
  if (LATER.includes(status)) {
    return { kind: 'later', message, waitMs: waitOf(headers['retry-after']) };
  }
  if (SHUT.includes(status) || status < 400) return { kind: 'shut', message };
  return { kind: status >= 500 ? 'failed' : 'refused', message };
}

/** What OTLP says of profiles left out. An answer in another form is a success all the same. */
function partialSuccess(body: Buffer): {
  readonly rejectedProfiles: number;
  readonly message: string;
} {
  try {
    const { partialSuccess: partial } = fromBinary(ExportProfilesServiceResponseSchema, body);
    return {
      rejectedProfiles: Number(partial?.rejectedProfiles ?? 0n),
      message: partial?.errorMessage ?? '',
    };
  } catch {
    return { rejectedProfiles: 0, message: '' };
  }
}

/** The message of an error in JSON, else the text. */
function textOf(body: Buffer): string {
  const text = body.toString('utf8');
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string') return message.slice(0, MESSAGE_LENGTH);
  } catch {
    // Plain text, as proxies answer.
  }
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MESSAGE_LENGTH);
}
