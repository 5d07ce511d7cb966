import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cannotRunDaemon, shortFolder, startDaemon } from './daemon.ts';
import { TEST_IMAGE, writeImageArchive } from './image-archive.ts';

const run = promisify(execFile);

/** A Docker engine of a test's own, that has the image of tests. */
export interface DockerEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** Runs `docker ARGS`; gives what it prints. */
  docker(...args: readonly string[]): Promise<string>;
  /** Starts a container of the test's image without a network; gives its id. */
  run(options: readonly string[], ...command: readonly string[]): Promise<string>;
  /** Ends its containers, then itself. */
  stop(): Promise<void>;
}

/** Why no engine can be started here; `false` where one can. */
export const cannotRunDocker = (): string | false =>
  cannotRunDaemon('dockerd', 'docker', 'containerd', 'runc', '/bin/busybox');

/** Starts an engine that touches neither the host's network rules nor another engine. */
export async function startDocker(): Promise<DockerEngine> {
  const resources = new AsyncDisposableStack();
  const folder = resources.use(shortFolder()).path;
  const socketPath = join(folder, 'docker.sock');
  const host = ['-H', `unix://${socketPath}`];
  const daemon = await startDaemon(
    join(folder, 'log'),
    [
      'dockerd',
      ...host,
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'pid'), '--storage-driver', 'vfs', '--bridge', 'none'],
      ...['--iptables=false', '--ip6tables=false'],
    ],
    () => spawnSync('docker', [...host, 'version']).status === 0,
  );
  const docker = async (...args: readonly string[]): Promise<string> =>
    (await run('docker', [...host, ...args])).stdout.trim();
  mkdirSync(join(folder, 'image'));
  await docker('load', '-i', writeImageArchive(join(folder, 'image')));
  const stop = async (): Promise<void> => {
    if (daemon.hasEnded()) return;
    const ids = await docker('ps', '-aq');
    if (ids !== '') await docker('rm', '-f', ...ids.split('\n'));
    await daemon.stop();
  };
  return {
    socketPath,
    docker,
    run: (options, ...command) =>
      docker('run', '-d', '--network', 'none', ...options, TEST_IMAGE, ...command),
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await resources.disposeAsync();
    },
  };
}
