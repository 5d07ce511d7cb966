import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { Profile as Oracle } from 'pprof-format';
import { profileOf } from '../testing.ts';
import { writePprof } from './pprof-writer.ts';

test('pprof-format reads what writePprof() wrote', () => {
  const bytes = writePprof(profileOf('main;work;inner 3', 'main;work 2', 'main;rest 5'));
  const { sample, location, function: functions, stringTable } = Oracle.decode(bytes);
  const nameOf = (id: number | bigint): string => {
    const place = location.find((each) => each.id === id);
    const fn = functions.find((each) => each.id === place?.line[0]?.functionId);
    return stringTable.strings[Number(fn?.name)] ?? '?';
  };
  const lines = sample.map(
    ({ locationId, value }) => `${locationId.map(nameOf).toReversed().join(';')} ${value}`,
  );
  assert.deepEqual(new Set(lines), new Set(['main;rest 5', 'main;work 2', 'main;work;inner 3']));
});

test('go tool pprof reads what writePprof() wrote', (t) => {
  if (spawnSync('go', ['version']).status !== 0) return t.skip('no go here');
  const folder = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  try {
    const file = join(folder, 'p.pb');
    writeFileSync(file, writePprof(profileOf('main;work;inner 3', 'main;work 2', 'main;rest 5')));
    const { stdout, stderr } = spawnSync('go', ['tool', 'pprof', '-top', '-nodecount=9', file], {
      encoding: 'utf8',
    });
    const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    const selfOf = (name: string): string | undefined => rows.find((row) => row[5] === name)?.[0];
    assert.deepEqual(
      ['rest', 'inner', 'work', 'main'].map(selfOf).map((text) => Number.parseFloat(text ?? '')),
      [5, 3, 2, 0],
      stdout + stderr,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
