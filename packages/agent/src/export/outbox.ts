import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@kube-eagle/profile';
import { type Batch, batchFileName, batchIdOfFile, decodeBatchFile } from './batch-file.ts';
import { writeBatchFile } from './write-batch-file.ts';

/** A batch in the outbox. */
export interface OutboxEntry {
  readonly id: string;
  readonly sizeBytes: number;
}

/** Batches until the server has them, oldest first; bounded, so that an outage fills no disk. */
export interface Outbox {
  /** Keeps a batch. It is on disk afterwards, or in memory if the disk takes none. */
  add(batch: Batch): Promise<void>;
  entries(): readonly OutboxEntry[];
  /** `undefined` where it is gone or damaged; then it is dropped. */
  read(entry: OutboxEntry): Promise<Batch | undefined>;
  remove(entry: OutboxEntry): Promise<void>;
  readonly sizeBytes: number;
}

export interface OutboxOptions {
  readonly directory: string;
  readonly maxBytes: number;
  readonly maxBatches: number;
  /** Bytes of batches in memory while the disk takes none. */
  readonly maxMemoryBytes: number;
  readonly nowMs: () => number;
  readonly events: OutboxEvents;
}

/** What happens to batches that are not sent. */
export interface OutboxEvents {
  /** The oldest went because a bound was hit. */
  dropped(entry: OutboxEntry): void;
  /** A file was not a whole batch. */
  garbage(name: string): void;
  /** The disk took no batch; it is in memory, and lost with the process. */
  inMemory(entry: OutboxEntry, problem: string): void;
}

interface Entry extends OutboxEntry {
  readonly path: string;
  /** Only while the disk took none. */
  readonly body?: Uint8Array;
}

/** Opens a directory, made if need be, with the batches an earlier process left in it. */
export async function openOutbox(options: OutboxOptions): Promise<Outbox> {
  const { directory, events } = options;
  const entries: Entry[] = await entriesLeft(directory, events);
  let sequence = 0;

  async function remove(entry: OutboxEntry): Promise<void> {
    const at = entries.findIndex(({ id }) => id === entry.id);
    const [removed] = at < 0 ? [] : entries.splice(at, 1);
    if (removed) await rm(removed.path, { force: true }).catch(() => undefined);
  }

  async function dropWhile(isOver: () => boolean, candidates: () => Entry[]): Promise<void> {
    while (isOver()) {
      const [oldest] = candidates();
      if (!oldest) return;
      await remove(oldest);
      events.dropped(oldest);
    }
  }

  async function makeRoom(): Promise<void> {
    const inMemory = (): Entry[] => entries.filter(({ body }) => body);
    await dropWhile(
      () => entries.length > options.maxBatches || sizeOf(entries) > options.maxBytes,
      () => entries,
    );
    await dropWhile(() => sizeOf(inMemory()) > options.maxMemoryBytes, inMemory);
  }

  await makeRoom();
  return {
    async add({ id, body }) {
      const name = batchFileName(options.nowMs(), sequence++, id);
      const entry = { id, path: join(directory, name), sizeBytes: body.length };
      try {
        await writeBatchFile(entry.path, body);
        entries.push(entry);
      } catch (error) {
        entries.push({ ...entry, body });
        events.inMemory(entry, messageOf(error));
      }
      await makeRoom();
    },
    entries: () => entries,
    async read({ id }) {
      const entry = entries.find((each) => each.id === id);
      if (!entry) return undefined;
      const body = entry.body ?? (await bodyOf(entry.path));
      if (body) return { id, body };
      await remove(entry);
      events.garbage(entry.path);
      return undefined;
    },
    remove,
    get sizeBytes() {
      return sizeOf(entries);
    },
  };
}

const sizeOf = (entries: readonly OutboxEntry[]): number =>
  entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

async function bodyOf(path: string): Promise<Uint8Array | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && decodeBatchFile(bytes);
}

/** What this agent may have written; other files are not its to remove. */
const OWN_NAME = /\.batch(?:\.tmp)?$/;

/** Whole batches by age. What an end in the middle of a write left, and what is damaged, goes. */
async function entriesLeft(directory: string, events: OutboxEvents): Promise<Entry[]> {
  // A directory that cannot be made shows when the first batch is written.
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const names = await readdir(directory).catch(() => [] as string[]);
  const entries: Entry[] = [];
  for (const name of names.filter((each) => OWN_NAME.test(each)).sort()) {
    const path = join(directory, name);
    const id = batchIdOfFile(name);
    const sizeBytes = (await stat(path).catch(() => undefined))?.size ?? 0;
    if (id && (await bodyOf(path))) {
      entries.push({ id, path, sizeBytes });
      continue;
    }
    await rm(path, { force: true }).catch(() => undefined);
    events.garbage(path);
  }
  return entries;
}
