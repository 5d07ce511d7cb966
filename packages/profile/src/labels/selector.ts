import { EagleError } from '../model/error.ts';
import { type Labels, labelValue } from './labels.ts';

/** One condition on a label. A label that is not set has the value `''`. */
export interface Matcher {
  readonly name: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  /** Whether the operand holds for a value. */
  readonly test: (value: string) => boolean;
}

/** Whether all conditions hold. */
export function matches(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every((matcher) => matcher.test(labelValue(labels, matcher.name)));
}

/** Longest regular expression that is taken from a user, in UTF-16 code units. */
export const MAX_PATTERN_LENGTH = 1_024;

/** Conditions as {@link parseSelector} reads them: `{namespace="shop", pod=~"web-.*"}`. */
export function formatSelector(matchers: readonly Matcher[]): string {
  const conditions = matchers.map(({ name, op, value }) => {
    const plain = /^[A-Za-z_]\w*$/.test(name);
    return `${plain ? name : JSON.stringify(name)}${op}${JSON.stringify(value)}`;
  });
  return `{${conditions.join(', ')}}`;
}

/** One condition. Throws `invalid_argument` for a regular expression that is none, or too long. */
export function matcher(name: string, op: Matcher['op'], value: string): Matcher {
  return { name, op, value, test: testOf(op, value) };
}

function testOf(op: Matcher['op'], value: string): Matcher['test'] {
  switch (op) {
    case '=':
      return (text) => text === value;
    case '!=':
      return (text) => text !== value;
    case '=~': {
      const pattern = anchored(value);
      return (text) => pattern.test(text);
    }
    case '!~': {
      const pattern = anchored(value);
      return (text) => !pattern.test(text);
    }
  }
}

/** Matches whole values, line ends included, as Prometheus does. */
function anchored(value: string): RegExp {
  if (value.length > MAX_PATTERN_LENGTH) {
    throw new EagleError(
      'invalid_argument',
      `expected a regular expression of at most ${MAX_PATTERN_LENGTH} characters, got ${value.length}`,
    );
  }
  try {
    return new RegExp(`^(?:${value})$`, 'su');
  } catch (cause) {
    throw new EagleError('invalid_argument', `expected a regular expression, got ${value}`, {
      cause,
    });
  }
}
