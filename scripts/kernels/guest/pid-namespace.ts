import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Check } from './check.ts';
import { PROGRAMS, startAside } from './programs.ts';
import type { NamedStack } from './stacks-of.ts';
import { samplesOf } from './stacks-of.ts';

const NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc'];
const inside = fileURLToPath(new URL('sample-namespace.ts', import.meta.url));

/** An agent in a pid namespace, as on a node that is itself a container: what it sees, and what not. */
export async function* pidNamespace(): AsyncGenerator<Check> {
  using _outside = startAside([`${PROGRAMS}/outside`, '600']);
  const child = spawn('/bin/busybox', [...NAMESPACE, process.execPath, inside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const text = (await child.stdout.toArray()).join('');
  const { below, stacks } = JSON.parse(text) as {
    readonly below: number;
    readonly stacks: readonly NamedStack[];
  };
  const of = (name: string): readonly NamedStack[] => stacks.filter(({ comm }) => comm === name);
  const seen = ['beside', 'below'].map((name) => {
    const own = of(name);
    return { name, samples: samplesOf(own), whole: samplesOf(own.filter((each) => each.isWhole)) };
  });
  const hidden = samplesOf(of('outside'));
  yield {
    name: 'in a pid namespace',
    ok:
      hidden === 0 &&
      seen.every(({ samples, whole }) => samples > 50 && whole / samples >= 0.995) &&
      of('below').every(({ pid }) => pid === below),
    value: `${seen.map(({ name, samples, whole }) => `${name} ${whole}/${samples}`).join(', ')}, outside ${hidden}`,
  };
}
