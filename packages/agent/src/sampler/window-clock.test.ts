import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWindowBuilder } from './window-builder.ts';
import { cutWindows, windowEndMs } from './window-clock.ts';

test('windowEndMs() ends windows at multiples of their length', () => {
  assert.equal(windowEndMs(10_000, 10_000, false), 20_000);
  assert.equal(windowEndMs(19_999, 10_000, false), 20_000);
  assert.equal(windowEndMs(20_003, 10_000, false), 30_000);
});

test('windowEndMs() ends the first window after 0.1 to 0.3 of its length', () => {
  for (let nowMs = 0; nowMs < 20_000; nowMs += 7) {
    const lengthMs = windowEndMs(nowMs, 10_000, true) - nowMs;
    assert.ok(lengthMs >= 1_000 && lengthMs <= 3_000, `${nowMs}: ${lengthMs}`);
  }
});

test('cutWindows() gives what is left as a last window when its signal aborts', async () => {
  let nowMs = 1_000;
  const stop = new AbortController();
  const cuts: boolean[] = [];
  const source = {
    request: { rateHz: 19, windowMs: 4, pids: [] },
    openedMs: 1_000,
    nowMs: () => nowMs,
    cut: async (_builder: unknown, isLast: boolean) => {
      cuts.push(isLast);
    },
    lost: () => cuts.length * 10,
  };
  const spans: string[] = [];
  nowMs = 1_004;
  for await (const { startMs, durationNs, lost } of cutWindows(
    source,
    createWindowBuilder,
    stop.signal,
  )) {
    spans.push(`${startMs} +${durationNs / 1e6} lost ${lost}`);
    nowMs += 4;
    if (spans.length === 2) stop.abort();
  }
  assert.deepEqual(spans, ['1000 +4 lost 10', '1004 +4 lost 10', '1008 +4 lost 10']);
  assert.deepEqual(cuts, [false, false, true]);
});
