import {
  EagleError,
  formatSelector,
  type Matcher,
  matcher,
  parseSelector,
} from '@kube-eagle/profile';

/** What is wrong with a selector, in words; `undefined` where nothing is. */
export function selectorProblem(selector: string): string | undefined {
  try {
    parseSelector(selector);
    return undefined;
  } catch (error) {
    if (error instanceof EagleError) return error.message;
    throw error;
  }
}

/**
 * A selector with the condition that label `name` has a value, in place of those it had on `name`,
 * or with none on it. A selector that cannot be read is replaced.
 */
export function withLabel(selector: string, name: string, value: string | undefined): string {
  const all = selectorProblem(selector) === undefined ? parseSelector(selector) : [];
  const others = all.filter((one) => one.name !== name);
  const added: readonly Matcher[] = value === undefined ? [] : [matcher(name, '=', value)];
  const matchers = [...others, ...added];
  return matchers.length === 0 ? '' : formatSelector(matchers);
}

/** The conditions of a selector; none where it cannot be read. */
export function conditionsOf(selector: string): readonly Matcher[] {
  return selectorProblem(selector) === undefined ? parseSelector(selector) : [];
}
