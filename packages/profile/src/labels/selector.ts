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

/** One condition. Throws `invalid_argument` for a regular expression that is none. */
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

function anchored(value: string): RegExp {
  try {
    return new RegExp(`^(?:${value})$`, 'u');
  } catch (cause) {
    throw new EagleError('invalid_argument', `expected a regular expression, got ${value}`, {
      cause,
    });
  }
}
