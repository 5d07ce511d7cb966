/**
 * The sending half of an agent, for test/outbox-crash.test.ts to kill: keeps batches in an outbox as
 * fast as it can, prints the id of each that is kept, and sends them.
 *
 *   node test/outbox-child.ts DIRECTORY URL fill|drain
 */
import { randomUUID } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { ROUTES } from '@kube-eagle/api';
import { CPU, createProfileBuilder, labelsOf, writeOtlp } from '@kube-eagle/profile';
import { createDeliver } from '../packages/agent/src/export/deliver.ts';
import { openOutbox } from '../packages/agent/src/export/outbox.ts';
import { createPoster } from '../packages/agent/src/export/post.ts';
import { createSender } from '../packages/agent/src/export/sender.ts';
import { LIMITS } from '../packages/agent/src/limits.ts';
import { createTelemetry } from '../packages/agent/src/telemetry.ts';

const [directory = '', url = '', mode = ''] = process.argv.slice(2);

/** A batch that adds 1 to a series of its own. */
function bodyOf(name: string): Uint8Array {
  const builder = createProfileBuilder();
  const series = builder.series(labelsOf([['batch', name]]), CPU);
  const frame = builder.frame({ function: builder.function('work') });
  builder.sample({ timeMs: Date.now(), series, stack: builder.stack(-1, frame), value: 1 });
  return zstdCompressSync(writeOtlp(builder.finish()));
}

const telemetry = createTelemetry(process.stderr, 'warn');
const outbox = await openOutbox({
  directory,
  maxBytes: LIMITS.outboxBytes,
  maxBatches: LIMITS.outboxBatches,
  maxMemoryBytes: LIMITS.memoryBytes,
  nowMs: Date.now,
  events: { dropped() {}, garbage() {}, inMemory() {} },
});
const poster = createPoster({
  url: new URL(ROUTES.otlp, url),
  timeoutMs: LIMITS.requestTimeoutMs,
  answerBytes: LIMITS.answerBytes,
});
const deliver = createDeliver({ poster, token: undefined, nowMs: Date.now, maxWaitMs: 1_000 });
const sender = createSender({ outbox, deliver, limits: LIMITS, telemetry, random: Math.random });
const stop = new AbortController();
const running = sender.run(stop.signal);
process.stdout.write('ready\n');
while (mode === 'fill') {
  const name = randomUUID();
  await sender.send(bodyOf(name));
  process.stdout.write(`kept ${name}\n`);
}
await sender.flush(AbortSignal.timeout(60_000));
stop.abort();
await running;
poster[Symbol.dispose]();
