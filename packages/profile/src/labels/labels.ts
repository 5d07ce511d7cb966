/** Names and values that tell series apart, sorted by name, each name once, no value empty. */
export type Labels = readonly Label[];

export interface Label {
  readonly name: string;
  readonly value: string;
}

/** Labels in their one order: sorted by code unit, the last of equal names kept, empty values out. */
export function labelsOf(entries: Iterable<readonly [string, string]>): Labels {
  return [...new Map(entries)]
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));
}

/** The value of a label, or `''` where it is not set, as Prometheus has it. */
export function labelValue(labels: Labels, name: string): string {
  return labels.find((label) => label.name === name)?.value ?? '';
}

/** One string a label set, for use as a key. */
export function labelsKey(labels: Labels): string {
  return labels.map(({ name, value }) => `${name}\u0000${value}`).join('\u0001');
}

/** `{namespace="shop", pod="web-1"}`. */
export function formatLabels(labels: Labels): string {
  return `{${labels.map(({ name, value }) => `${name}=${JSON.stringify(value)}`).join(', ')}}`;
}
