import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeBatchFile } from './batch-file.ts';

/**
 * Writes a file that is whole or not there, also after a power cut: under another name first, synced,
 * then renamed, then the directory synced. Throws what the file system throws.
 */
export async function writeBatchFile(path: string, body: Uint8Array): Promise<void> {
  const unfinished = `${path}.tmp`;
  try {
    await synced(unfinished, 'wx', (file) => file.writeFile(encodeBatchFile(body)));
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw error;
  }
  await synced(dirname(path), 'r', async () => undefined);
}

type File = Awaited<ReturnType<typeof open>>;

async function synced(
  path: string,
  flags: string,
  use: (file: File) => Promise<void>,
): Promise<void> {
  await using file = await open(path, flags, 0o600);
  await use(file);
  await file.sync();
}
