import { randomUUID } from 'node:crypto';
import { IDEMPOTENCY_KEY } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

/**
 * The id a batch is stored under: what the sender chose, so that a batch sent twice is stored once,
 * or a fresh one. Throws `invalid_argument` unless it is 1 to 128 printable ASCII characters.
 */
export function batchIdOf(key: string | undefined): string {
  if (key === undefined) return randomUUID();
  if (/^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new EagleError(
    'invalid_argument',
    `expected 1 to 128 printable characters in the header ${IDEMPOTENCY_KEY}, such as a UUID, got ${key.length}`,
  );
}
