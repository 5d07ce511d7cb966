import { EagleError } from '@kube-eagle/profile';

const SUPPORTED =
  /^(?:host|node\/[\w.-]+|(?:pid\/[1-9]\d{0,6}|container\/[0-9a-f]{4,64}|unit\/[\w:.@\\-]+\.service|docker\/[a-zA-Z0-9][\w.-]*|process\/[^/@]+)(?:@[\w.-]+)?)$/;

/** Targets of the command line's language that no server can resolve yet. */
const KNOWN =
  /^(?:deploy|deployment|sts|statefulset|ds|daemonset|job|cronjob|rs|replicaset|svc|service|pod|ns|namespace)\//;

/** What a word of a kind that can be recorded has to look like. */
const FORMS: Readonly<Record<string, string>> = {
  pid: 'a process id of 1 to 4194304',
  container: '4 to 64 hexadecimal digits of its id',
  unit: 'a service such as unit/nginx.service',
  docker: 'a name or id of a container of Docker',
  process: 'a name of a program such as process/nginx',
};

/** A target as typed. Throws `invalid_argument` for one that cannot be recorded. */
export function checkedTarget(word: string): string {
  if (SUPPORTED.test(word)) return word;
  const advice =
    'pid/1234, container/ID, unit/NAME.service, docker/NAME, process/NAME, each also with @NODE, host and node/NAME can be recorded';
  if (KNOWN.test(word)) {
    throw new EagleError(
      'invalid_argument',
      `${word} cannot be recorded yet: ${advice}; what runs all the time is stored, see: eagle labels`,
    );
  }
  const form = FORMS[word.split('/')[0] ?? ''];
  throw new EagleError(
    'invalid_argument',
    `expected ${form ?? 'a target'}, got ${JSON.stringify(word)}: ${advice}`,
  );
}
