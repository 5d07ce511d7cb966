/**
 * What is measured: five words, joined by colons into an id such as
 * `process_cpu:cpu:nanoseconds:cpu:nanoseconds`. The ids are Pyroscope's, so its clients understand
 * them.
 */
export interface ProfileType {
  readonly name: string;
  readonly sampleType: string;
  readonly sampleUnit: string;
  readonly periodType: string;
  readonly periodUnit: string;
}

/** Time on CPU, in nanoseconds: what the eBPF sampler gives. */
export const CPU: ProfileType = {
  name: 'process_cpu',
  sampleType: 'cpu',
  sampleUnit: 'nanoseconds',
  periodType: 'cpu',
  periodUnit: 'nanoseconds',
};

/** The id of a type: its five words joined by colons. */
export function profileTypeId(type: ProfileType): string {
  return [type.name, type.sampleType, type.sampleUnit, type.periodType, type.periodUnit].join(':');
}

/** The type of an id, or `undefined` unless it has five parts and the first two are not empty. */
export function parseProfileTypeId(id: string): ProfileType | undefined {
  const parts = id.split(':');
  const [name = '', sampleType = '', sampleUnit = '', periodType = '', periodUnit = ''] = parts;
  if (parts.length !== 5 || name === '' || sampleType === '') return undefined;
  return { name, sampleType, sampleUnit, periodType, periodUnit };
}
