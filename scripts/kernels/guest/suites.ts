import { cgroups } from './cgroups.ts';
import type { Suite } from './check.ts';
import { doctor } from './doctor.ts';
import { hotPlug } from './hot-plug.ts';
import { loading } from './loading.ts';
import { pidNamespace } from './pid-namespace.ts';
import { stacks } from './stacks.ts';

/** All suites, in the order that they run in: the last one locks the kernel down for good. */
export const SUITES: Readonly<Record<string, Suite>> = {
  loading,
  stacks,
  cgroups,
  pidNamespace,
  hotPlug,
  doctor,
};

/** Those that change nothing on the machine, so that they may run on the one at hand. */
export const HARMLESS: readonly string[] = ['loading', 'stacks'];
