import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The image of {@link writeImageArchive}. */
export const TEST_IMAGE = 'kube-eagle.test/sleep:1';

const BUSYBOX = '/bin/busybox';

/**
 * Writes an image of one layer with busybox, whose shell sleeps, as an archive that Docker and
 * containerd load. Gives its path.
 */
export function writeImageArchive(folder: string): string {
  const root = join(folder, 'root');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync(BUSYBOX, join(root, 'bin/busybox'));
  for (const name of ['sh', 'sleep', 'env']) symlinkSync('busybox', join(root, 'bin', name));
  const tar = (from: string, to: string, names: readonly string[]): void => {
    execFileSync('tar', ['-C', from, '-cf', join(folder, to), ...names]);
  };
  tar(root, 'layer.tar', ['.']);
  const digest = createHash('sha256')
    .update(readFileSync(join(folder, 'layer.tar')))
    .digest('hex');
  const config = {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Cmd: ['/bin/sh', '-c', 'sleep 600'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [TEST_IMAGE], Layers: ['layer.tar'] }];
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
  tar(folder, 'image.tar', ['manifest.json', 'config.json', 'layer.tar']);
  return join(folder, 'image.tar');
}
