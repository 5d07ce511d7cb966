/**
 * Runs the checks of the kernel it runs on and writes each as a line of JSON.
 *
 *   node scripts/kernels/guest/main.ts [SUITE…]
 */
import { messageOf } from '@kube-eagle/profile';
import { type Check, END, type Suite } from './check.ts';
import { SUITES } from './suites.ts';

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
    process.stdout.write(`${JSON.stringify({ suite: name, ...check })}\n`);
  }
}
process.stdout.write(`${END}\n`);
process.exit(0);
