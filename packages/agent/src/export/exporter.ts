import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { messageOf, type Profile } from '@kube-eagle/profile';
import type { LabelsOfContainer } from '../containers/container-labels.ts';
import type { Process, SampleWindow } from '../sampler/sampler.ts';
import type { NamedFrames, Symbolizer } from '../symbols/symbolizer.ts';
import type { Telemetry } from '../telemetry.ts';
import type { BatchEnd, Sender } from './sender.ts';
import { type Origin, seriesLabels } from './series-labels.ts';
import { unnamedFrames } from './unnamed-frames.ts';
import { windowProfile } from './window-profile.ts';

/** The way of a window to the server. */
export interface Exporter {
  /** Names a window and keeps it for the server. Resolves once it is in the outbox. */
  export(window: SampleWindow, origin: Origin, signal: AbortSignal): Promise<void>;
  /** The same at once, for a task. Gives its end; absent where the window is empty. */
  exportUrgently(
    window: SampleWindow,
    origin: Origin,
    signal: AbortSignal,
  ): Promise<{ readonly ended?: Promise<BatchEnd> }>;
  /** The same of one process's profile that has its names already; its one series gets its labels. */
  exportProfile(
    profile: Profile,
    process: Process,
    origin: Origin,
  ): Promise<{ readonly ended?: Promise<BatchEnd> }>;
}

export interface ExporterPorts {
  readonly symbolizer: Symbolizer;
  readonly labelsOfContainer: LabelsOfContainer;
  readonly sender: Pick<Sender, 'send' | 'sendUrgently'>;
  readonly encode: (profile: Profile) => Uint8Array;
  readonly telemetry: Telemetry;
}

const compress = promisify(zstdCompress);

/** An exporter that counts what goes through it. */
export function createExporter(ports: ExporterPorts): Exporter {
  const { symbolizer, sender, encode, telemetry, labelsOfContainer } = ports;

  /** A window without names is worth more than none: its addresses can be named later. */
  async function namesOf(window: SampleWindow, signal: AbortSignal): Promise<NamedFrames> {
    try {
      return await symbolizer.name(window, signal);
    } catch (error) {
      telemetry.count('windows_unnamed');
      telemetry.log.warn({ message: messageOf(error) }, 'window sent without names');
      return unnamedFrames(window);
    }
  }

  async function bodyOf(
    window: SampleWindow,
    origin: Origin,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    telemetry.count('windows');
    telemetry.count('samples', samplesIn(window));
    telemetry.count('samples_lost', window.lost);
    if (window.stacks.length === 0) return undefined;
    const profile = windowProfile(window, await namesOf(window, signal), origin, labelsOfContainer);
    return await compress(encode(profile));
  }

  return {
    async export(window, origin, signal) {
      const body = await bodyOf(window, origin, signal);
      if (body) await sender.send(body);
    },
    async exportUrgently(window, origin, signal) {
      const body = await bodyOf(window, origin, signal);
      return body ? await sender.sendUrgently(body) : {};
    },
    async exportProfile(profile, process, origin) {
      telemetry.count('profiles');
      telemetry.count('samples', sumOf(profile.quality.taken));
      telemetry.count('samples_lost', sumOf(profile.quality.lost));
      if (profile.samples.length === 0) return {};
      const labels = [seriesLabels(process, false, origin, labelsOfContainer)];
      const labelled = { ...profile, series: { ...profile.series, labels } };
      return await sender.sendUrgently(await compress(encode(labelled)));
    },
  };
}

/** Samples of a window's stacks. */
export function samplesIn({ stacks }: SampleWindow): number {
  return sumOf(stacks.count);
}

function sumOf(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
