import { EagleError } from '@kube-eagle/profile';

const SUPPORTED = /^(?:host|node\/[\w.-]+|pid\/[1-9]\d{0,6}(?:@[\w.-]+)?)$/;

/** Targets of the command line's language that no server can resolve yet. */
const KNOWN =
  /^(?:deploy|deployment|sts|statefulset|ds|daemonset|job|cronjob|rs|replicaset|svc|service|pod|ns|namespace|container|docker|unit)\//;

/** A target as typed. Throws `invalid_argument` for one that cannot be recorded. */
export function checkedTarget(word: string): string {
  if (SUPPORTED.test(word)) return word;
  const advice = 'pid/1234, pid/1234@NODE, host and node/NAME can be recorded';
  if (KNOWN.test(word)) {
    throw new EagleError(
      'invalid_argument',
      `${word} cannot be recorded yet: ${advice}; what runs all the time is stored, see: eagle labels`,
    );
  }
  throw new EagleError(
    'invalid_argument',
    `expected a target, got ${JSON.stringify(word)}: ${advice}`,
  );
}
