/**
 * Runs the checks of the kernel it runs on and writes each as a line of JSON.
 *
 *   node scripts/kernels/guest/main.ts [SUITE…]
 */
import { messageOf } from '@kube-eagle/profile';
import { cgroups } from './cgroups.ts';
import type { Check, Suite } from './check.ts';
import { doctor } from './doctor.ts';
import { hotPlug } from './hot-plug.ts';
import { loading } from './loading.ts';
import { pidNamespace } from './pid-namespace.ts';
import { stacks } from './stacks.ts';

/** The last one locks the kernel down for good. */
const SUITES: Readonly<Record<string, Suite>> = {
  loading,
  stacks,
  cgroups,
  pidNamespace,
  hotPlug,
  doctor,
};

async function* guarded(name: string, suite: Suite): AsyncGenerator<Check> {
  try {
    yield* suite();
  } catch (error) {
    yield { name, ok: false, value: messageOf(error) };
  }
}

const chosen = process.argv.slice(2);
for (const [name, suite] of Object.entries(SUITES)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for await (const check of guarded(name, suite)) {
    process.stderr.write(`  ${check.ok ? 'ok ' : 'BAD'} ${check.name}: ${check.value}\n`);
    process.stdout.write(`${JSON.stringify(check)}\n`);
  }
}
process.exit(0);
