import { parseKubeTarget, TARGET_EXAMPLES } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';

const SUPPORTED =
  /^(?:host|node\/[\w.-]+|(?:pid\/[1-9]\d{0,6}|container\/[0-9a-f]{4,64}|unit\/[\w:.@\\-]+\.service|docker\/[a-zA-Z0-9][\w.-]*|process\/[^/@]+)(?:@[\w.-]+)?)$/;

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
  if (SUPPORTED.test(word) || parseKubeTarget(word)) return word;
  const advice = `${TARGET_EXAMPLES} can be recorded`;
  const form = FORMS[word.split('/')[0] ?? ''];
  throw new EagleError(
    'invalid_argument',
    `expected ${form ?? 'a target'}, got ${JSON.stringify(word)}: ${advice}`,
  );
}

/** Targets as typed; none where a selector chooses. Throws `invalid_argument`. */
export function checkedTargets(words: readonly string[], selector: string): string[] {
  if (words.length > 0 || selector !== '') return words.map(checkedTarget);
  throw new EagleError(
    'invalid_argument',
    'expected a target such as deploy/web, pid/1234 or host, or -l app=web, got none',
  );
}
