import { EagleError } from '@kube-eagle/profile';
import {
  type Container,
  type ContainerChange,
  type ContainerSource,
  soundContainer,
} from './container-source.ts';
import { getJson, getLines, type Line } from './socket-get.ts';

export interface SourceOptions {
  readonly socketPath: string;
  readonly timeoutMs: number;
  /** Of a list, or of one event. */
  readonly maxBytes: number;
  /** Called for each container or event that could not be understood. */
  readonly onGarbage: () => void;
}

const LIST = '/containers/json';
const EVENTS = `/events?filters=${encodeURIComponent(
  JSON.stringify({ type: ['container'], event: ['start', 'die', 'rename'] }),
)}`;

/**
 * Containers by the API of Docker (Engine API 1.22 and later; Podman has the same): one list, and the
 * stream of events. Sends nothing but these two GETs.
 */
export function createDockerSource(options: SourceOptions): ContainerSource {
  const { socketPath, timeoutMs, maxBytes } = options;
  const get = (path: string) => ({ socketPath, path, timeoutMs });
  const all = async (signal: AbortSignal): Promise<ContainerChange> => {
    const told = await getJson(get(LIST), maxBytes, signal);
    return { kind: 'all', containers: listed(told, options.onGarbage) };
  };
  return {
    runtime: 'docker',
    async *watch(signal) {
      // Before the list, so that nothing is missed that happens between the two.
      const events = await getLines(get(EVENTS), maxBytes, signal);
      yield await all(signal);
      for await (const line of events) {
        const event = eventOf(line);
        if (event === 'renamed') yield await all(signal);
        else if (event) yield event;
        else options.onGarbage();
      }
      throw new EagleError('unavailable', `expected events of ${socketPath} for ever, they ended`);
    },
  };
}

function listed(told: unknown, onGarbage: () => void): readonly Container[] {
  if (!Array.isArray(told)) throw new EagleError('unavailable', 'expected a list of containers');
  return told.flatMap((entry) => {
    const container = listedContainer(entry);
    if (!container) onGarbage();
    return container ?? [];
  });
}

/** An entry of `GET /containers/json`. Links add names with more than one slash; its own has one. */
function listedContainer(entry: unknown): Container | undefined {
  const { Id: id, Names: names, Image: image, Labels: labels } = asRecord(entry);
  const own = Array.isArray(names) ? names.find((name) => /^\/[^/]+$/.test(String(name))) : '';
  return soundContainer('docker', { id, name: String(own ?? '').slice(1), image, labels });
}

/** A line of `GET /events`; a rename changes what only the list tells. */
function eventOf(line: Line): ContainerChange | 'renamed' | undefined {
  if (line.kind === 'too_long') return undefined;
  let told: unknown;
  try {
    told = JSON.parse(line.text);
  } catch {
    return undefined;
  }
  const { Action: action, Actor: actor } = asRecord(told);
  const { ID: id, Attributes: attributes } = asRecord(actor);
  if (action === 'rename') return 'renamed';
  // Labels and what the engine adds to them lie side by side.
  const { name, image, ...labels } = asRecord(attributes);
  const container = soundContainer('docker', { id, name, image, labels });
  if (!container) return undefined;
  if (action === 'start') return { kind: 'runs', container };
  return action === 'die' ? { kind: 'ended', id: container.id } : undefined;
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
