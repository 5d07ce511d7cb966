import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeScope, PERF_SCOPES, widestPerfScope } from './perf-scope.ts';
import { cannotSample } from './testing.ts';

const module = fileURLToPath(new URL('./perf-scope.ts', import.meta.url));

test('describeScope() says who is seen and whether the kernel is', () => {
  assert.deepEqual(PERF_SCOPES.map(describeScope), [
    "every process, with the kernel's frames",
    "every process, without the kernel's frames",
    "only one's own processes, new threads from the next window on, with the kernel's frames",
    "only one's own processes, new threads from the next window on, without the kernel's frames",
  ]);
});

test('widestPerfScope() asks the kernel', { skip: cannotSample('perf_event') }, (t) => {
  assert.deepEqual(widestPerfScope(), { of: 'host', hasKernel: true });
  if (process.getuid?.() !== 0) return t.skip('needs root to give rights away');
  const script = `import('${module}').then((m) => console.log(JSON.stringify(m.widestPerfScope() ?? null)))`;
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const text = execFileSync('setpriv', [...nobody, process.execPath, '-e', script]);
  const scope = JSON.parse(text.toString());
  assert.ok(scope === null || scope.of === 'threads', text.toString());
});
