import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CONTAINER_ID } from './cgroups.ts';
import type { Check } from './check.ts';
import { group, mounted, V2 } from './hierarchies.ts';
import { NODE, PROGRAMS, start } from './programs.ts';
import type { SeenInside } from './sample-namespace.ts';
import { samplesOf } from './stacks-of.ts';

/** busybox has another of this name, without control groups. */
const UNSHARE = ['/usr/bin/unshare', '--pid', '--fork', '--mount-proc', '--cgroup'];
const inside = fileURLToPath(new URL('sample-namespace.ts', import.meta.url));
const node = `${V2.folder}/node`;
/** Of the name of one inside. */
const namesake = `${V2.folder}/docker-${CONTAINER_ID}.scope`;

/**
 * An agent on a node that is itself a container, as kind has them, with pids and control groups of its
 * own: what it sees, and what not.
 */
export async function* pidNamespace(): AsyncGenerator<Check> {
  using _mounted = mounted(V2);
  const { below, everything, container } = await seenInside();
  // Groups can go once their processes have.
  await sleep(1_000);
  for (const path of [`${node}/docker-${CONTAINER_ID}.scope`, node, namesake]) rmdirSync(path);
  const seen = ['beside', 'below'].map((name) => {
    const own = everything.filter(({ comm }) => comm === name);
    return { name, samples: samplesOf(own), whole: samplesOf(own.filter((each) => each.isWhole)) };
  });
  const hidden = samplesOf(everything.filter(({ comm }) => comm === 'outside'));
  yield {
    name: 'in a pid namespace',
    ok:
      hidden === 0 &&
      seen.every(({ samples, whole }) => samples > 50 && whole / samples >= 0.995) &&
      everything.every(({ comm, pid }) => comm !== 'below' || pid === below),
    value: `${seen.map(({ name, samples, whole }) => `${name} ${whole}/${samples}`).join(', ')}, outside ${hidden}`,
  };
  const contained = samplesOf(
    container.filter(({ comm, containerId }) => comm === 'beside' && containerId === CONTAINER_ID),
  );
  const others = samplesOf(container) - contained;
  yield {
    name: 'container/ID in pid and cgroup namespaces',
    ok: contained > 50 && others === 0,
    value: `container ${contained}, others ${others}`,
  };
}

async function seenInside(): Promise<SeenInside> {
  using outside = start([`${PROGRAMS}/outside`, '3600']);
  group(namesake, [outside?.pid ?? 0]);
  group(node, []);
  const script = `echo $$ > ${node}/cgroup.procs; exec "$@"`;
  const words = ['-c', script, 'sh', ...UNSHARE, ...NODE, inside];
  const child = spawn('/bin/sh', words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text, [status, signal]] = await Promise.all([
    child.stdout.toArray().then((parts) => parts.join('')),
    once(child, 'exit'),
  ]);
  if (status !== 0)
    throw new Error(`expected the agent inside to end well, got ${signal ?? status}`);
  return JSON.parse(text) as SeenInside;
}
