import { labelOfAttribute } from '../labels/attribute-names.ts';
import type { ProfileType } from '../model/profile-type.ts';
import type { LabelEntry } from './measures.ts';
import type { DictionaryAttribute } from './otlp-dictionary.ts';
import { varintField } from './otlp-schema.ts';
import { type AttributeValue, readAnyValue } from './otlp-value.ts';
import { readMessage, readText, skipField, WIRE, type WireReader } from './wire-reader.ts';

/** Attributes of ours that are no labels but say something of a profile. */
export const OWN_ATTRIBUTES = {
  name: 'kube_eagle.profile.name',
  taken: 'kube_eagle.quality.taken',
  lost: 'kube_eagle.quality.lost',
  truncated: 'kube_eagle.quality.truncated',
  unsymbolized: 'kube_eagle.quality.unsymbolized',
  guessed: 'kube_eagle.quality.guessed',
} as const;

const OWN = new Set<string>(Object.values(OWN_ATTRIBUTES));
/** What would make a series of every thread, CPU or process. */
const NOT_LABELS = new Set([
  'thread.id',
  'thread.name',
  'cpu.logical_number',
  'process.pid',
  'process.parent_pid',
  'process.executable.path',
  'process.command_line',
  'process.start_time',
]);

/** The label of an attribute; `undefined` for what is none: no text, or one value a thread. */
export type LabelOf = (attribute: DictionaryAttribute | undefined) => LabelEntry | undefined;

/** Finds labels of attributes; a name is made into a label's once. */
export function createLabelOf(): LabelOf {
  const names = new Map<string, string>();
  return ({ name, value } = NO_ATTRIBUTE) => {
    if (typeof value !== 'string' || name === '' || NOT_LABELS.has(name) || OWN.has(name)) return;
    const label = names.get(name) ?? labelOfAttribute(name);
    names.set(name, label);
    return [label, value];
  };
}

const NO_ATTRIBUTE: DictionaryAttribute = { name: '', value: undefined };

/** Reads a `KeyValue` of a resource or scope; from 1.10 its key may be a row of the string table. */
export function readKeyValue(reader: WireReader, strings: readonly string[]): DictionaryAttribute {
  let name = '';
  let value: AttributeValue;
  readMessage(reader, (field) => {
    if (field === 1 && reader.wireType === WIRE.bytes) name = readText(reader);
    else if (field === 2 && reader.wireType === WIRE.bytes) value = readAnyValue(reader, strings);
    else if (field === 3) name = strings[varintField(reader)] ?? name;
    else skipField(reader);
  });
  return { name, value };
}

/** A sample or period type as it is on the wire. */
export interface ValueType {
  readonly type: string;
  readonly unit: string;
}

export const NO_TYPE: ValueType = { type: '', unit: '' };

/** How values of a profile become ours. */
export interface TypeRule {
  readonly type: ProfileType;
  /** What values are multiplied by. */
  readonly scale: number;
}

/**
 * The type of a profile by its sample type, its period type and, if it was sent by us, its name.
 * Counts of samples with a period in CPU time are CPU time, as eBPF agents send them.
 */
export function typeRule(
  sample: ValueType,
  period: ValueType & { readonly value: number },
  name: string,
): TypeRule {
  const isCpuCount =
    name === '' &&
    sample.type === 'samples' &&
    period.type === 'cpu' &&
    period.unit === 'nanoseconds' &&
    period.value > 0;
  const type = isCpuCount ? { type: 'cpu', unit: 'nanoseconds' } : sample;
  return {
    type: {
      name: name || nameOf(type, period),
      sampleType: type.type || 'samples',
      sampleUnit: type.unit || 'count',
      periodType: period.type,
      periodUnit: period.unit,
    },
    scale: isCpuCount ? period.value : 1,
  };
}

/** The name that a type has where nobody gives it one. */
export function nameOf(sample: ValueType, period: ValueType): string {
  if (sample.type === 'cpu' && sample.unit === 'nanoseconds') return 'process_cpu';
  return period.type || sample.type || 'samples';
}
