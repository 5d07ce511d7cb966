import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ROOT, run } from '../harness.ts';

/** A folder of scripts that start and stop a cluster on this machine, and make images for it. */
const LAB = resolve(ROOT, process.env['KUBELAB'] ?? '../shared/kubelab');

/** A real cluster for a test, stopped at its end if the test started it. */
export interface RealCluster extends AsyncDisposable {
  readonly kubeconfig: string;
  /** Runs kubectl; throws with its output where it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** Makes an image that runs one statically linked program. */
  image(name: string, programSource: string): Promise<void>;
  /** Pods that look running on a node that is not there. */
  fakePods(node: string, count: number): Promise<void>;
  removeFakePods(node: string): Promise<void>;
}

/** Why there can be no cluster here, or `undefined`. */
export function noCluster(): string | undefined {
  if (!existsSync(join(LAB, 'up'))) {
    return `no cluster can be started: expected a folder with up, down, image and kubectl at ${LAB}, or in KUBELAB`;
  }
  if (process.getuid?.() !== 0) return 'only root can start a cluster';
  if (spawnSync('gcc', ['--version']).status !== 0) return 'no gcc to make a program with';
  return undefined;
}

/** The cluster of KUBECONFIG, else one that is started. */
export async function openRealCluster(): Promise<RealCluster> {
  const given = process.env['KUBECONFIG'] ?? '';
  const kubeconfig = given || (await started());
  const ran = async (command: string, args: readonly string[]): Promise<string> => {
    const { status, output } = await run(command, args, {
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
    if (status === 0) return output;
    throw new Error(`${command} ${args.join(' ')}: ${status}\n${output}`);
  };
  const fake = join(process.env['KUBELAB_DIR'] ?? '/var/lib/kubelab', 'bin', 'kubelab');
  return {
    kubeconfig,
    kubectl: (...args) => ran(join(LAB, 'kubectl'), args),
    async image(name, source) {
      const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-image-'));
      try {
        const program = join(folder, 'program');
        await ran('gcc', ['-O1', '-static', '-fno-omit-frame-pointer', '-o', program, source]);
        await ran(join(LAB, 'image'), [name, folder, '--entrypoint', '["/program"]']);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    async fakePods(node, count) {
      await ran(fake, ['fake', '--node', node, '--count', String(count)]);
    },
    async removeFakePods(node) {
      await ran(fake, ['fake', '--node', node, '--delete']);
    },
    async [Symbol.asyncDispose]() {
      if (given === '') await run(join(LAB, 'down'), []);
    },
  };
}

async function started(): Promise<string> {
  const { status, output } = await run(join(LAB, 'up'), []);
  const [, path] = /export KUBECONFIG=(\S+)/.exec(output) ?? [];
  if (status === 0 && path !== undefined) return path;
  throw new Error(`the cluster did not start: ${status}\n${output}`);
}
