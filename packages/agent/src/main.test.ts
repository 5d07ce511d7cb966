import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { zstdDecompressSync } from 'node:zlib';
import { labelValue, type Profile, readOtlp } from '@kube-eagle/profile';
import { findings } from './sampler/findings.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Why this machine lets nothing be sampled here; `false` where it does. */
function cannotRun(): string | false {
  const rights = findings().find(({ name }) => name === 'rights');
  return rights?.ok ? false : `${rights?.detail}; ${rights?.mend}`;
}

/** Names of functions in stacks of a program. */
function functionsOf(profile: Profile, program: string): Set<string> {
  const { samples, series, stacks, frames, functions, strings } = profile;
  const isProgram = series.labels.map((labels) => labelValue(labels, 'process') === program);
  const names = new Set<string>();
  for (const [row, at] of samples.stack.entries()) {
    if (!isProgram[samples.series[row] ?? -1]) continue;
    for (let stack = at; stack >= 0; stack = stacks.parent[stack] ?? -1) {
      const name = functions.name[frames.function[stacks.frame[stack] ?? -1] ?? -1];
      if (name !== undefined) names.add(strings[name] ?? '');
    }
  }
  return names;
}

test('the agent sends what this machine runs, by name, and stops with its last window sent', {
  skip: cannotRun(),
}, async () => {
  const profiles: Profile[] = [];
  const arrived = new EventTarget();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    // The stream of tasks comes by HTTP/2, which this server does not speak.
    profiles.push(readOtlp(zstdDecompressSync(Buffer.concat(chunks))).value);
    response.end();
    arrived.dispatchEvent(new Event('profile'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'kube-eagle-'));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const busy = spawn(process.execPath, ['-e', 'for (;;) JSON.stringify([1, 2, 3]);']);
  const agent = spawn(
    process.execPath,
    [MAIN, '--server', url, '--data', directory, '--rate', '49', '--node', 'here'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  agent.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = once(agent, 'exit');
  try {
    await Promise.race([once(arrived, 'profile'), exited]);
    const [first] = profiles;
    assert.ok(first, log);
    const program = first.series.labels.find((labels) => labelValue(labels, 'process') === 'node');
    assert.equal(labelValue(program ?? [], 'node'), 'here');
    const names = functionsOf(first, 'node');
    assert.ok(names.size > 10, `expected names, got ${[...names].join(', ')}\n${log}`);
    const before = profiles.length;
    agent.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null], log);
    assert.ok(profiles.length > before, 'expected the last window to be sent');
    assert.deepEqual(readdirSync(join(directory, 'outbox')), []);
  } finally {
    agent.kill('SIGKILL');
    busy.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  }
});
