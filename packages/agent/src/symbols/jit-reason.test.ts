import assert from 'node:assert/strict';
import test from 'node:test';
import { jitReason, whyNotAsked, whyRefused, whyUnnamed } from './jit-reason.ts';

test('a frame of generated code says why it has no name', () => {
  assert.deepEqual(
    [
      jitReason('node 20', whyUnnamed('missing', '')),
      jitReason('node 20', whyUnnamed('read', '')),
      jitReason('php 8.2', whyUnnamed('of another user', '')),
      jitReason('dotnet 8.0', whyUnnamed('behind a link', '')),
      jitReason('', whyUnnamed('missing', '')),
      jitReason('java 11', whyUnnamed('missing', whyNotAsked('11', true))),
      jitReason('java 17', whyUnnamed('missing', whyNotAsked('17', false))),
      jitReason('java 17', whyUnnamed('missing', whyRefused({ kind: 'refused', reason: 'x' }))),
      jitReason(
        'java',
        whyUnnamed('missing', whyRefused({ kind: 'answered', status: 1, text: 'x' })),
      ),
      jitReason('java 11', whyUnnamed('read', whyNotAsked('11', true))),
    ],
    [
      '[jit: node 20, no perf map]',
      '[jit: node 20, not in its perf map]',
      '[jit: php 8.2, perf map of another user]',
      '[jit: dotnet 8.0, perf map behind a link]',
      '[jit: no perf map]',
      '[jit: java 11, names only from 17 on]',
      '[jit: java 17, attaching is off]',
      '[jit: java 17, attaching refused]',
      '[jit: java, has no Compiler.perfmap]',
      '[jit: java 11, not in its perf map]',
    ],
  );
});

test('a JVM from 17 on or of an unknown version is asked', () => {
  assert.deepEqual(
    ['17', '25', '', '16', '8'].map((version) => whyNotAsked(version, true) === ''),
    [true, true, true, false, false],
  );
});
