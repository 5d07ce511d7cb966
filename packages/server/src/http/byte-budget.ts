import { EagleError } from '@kube-eagle/profile';
import type { Limits } from '../limits.ts';

/** Bytes that one request keeps in memory. Disposing gives them back. */
export interface ByteHold extends Disposable {
  /** Throws `resource_exhausted`, with a time to wait, where all requests together hold too much. */
  add(sizeBytes: number): void;
}

/** How much memory the requests being taken in may hold together. */
export interface ByteBudget {
  readonly heldBytes: number;
  hold(): ByteHold;
}

const RETRY_AFTER_MS = 1_000;

/** A budget of the limit `ingest_in_flight_bytes`. */
export function createByteBudget(limits: Limits): ByteBudget {
  const maxBytes = limits.value('ingest_in_flight_bytes');
  let heldBytes = 0;
  return {
    get heldBytes() {
      return heldBytes;
    },
    hold() {
      let mine = 0;
      return {
        add(sizeBytes) {
          if (heldBytes + sizeBytes > maxBytes) {
            limits.hit('ingest_in_flight_bytes');
            throw new EagleError(
              'resource_exhausted',
              `${heldBytes} of ${maxBytes} bytes are being taken in: send again later`,
              { retryAfterMs: RETRY_AFTER_MS },
            );
          }
          heldBytes += sizeBytes;
          mine += sizeBytes;
        },
        [Symbol.dispose]() {
          heldBytes -= mine;
          mine = 0;
        },
      };
    },
  };
}
