import { setFlagsFromString } from 'node:v8';
import { EagleError, type Matcher } from '@kube-eagle/profile';

// Patterns come from whoever asks, and V8's usual engine can take years over one: only its other
// engine, which is linear in the text, ever runs them. The flag must be set before the first use.
setFlagsFromString('--enable-experimental-regexp-engine');

/**
 * The condition with a regular expression that ends in linear time, matching whole values. Such
 * have no look-ahead and no back references, as in RE2, no large repeat counts, and take a value
 * as UTF-16 units. Throws `invalid_argument` for any other.
 */
export function linearMatcher(matcher: Matcher): Matcher {
  const { name, op, value } = matcher;
  if (op !== '=~' && op !== '!~') return matcher;
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^(?:${value})$`, 'sl');
  } catch (cause) {
    throw new EagleError(
      'invalid_argument',
      `expected a regular expression without look-ahead, back references and large repeats for ${name}, got ${value}`,
      { cause },
    );
  }
  return { ...matcher, test: (text) => pattern.test(text) === (op === '=~') };
}
