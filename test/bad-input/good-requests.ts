import assert from 'node:assert/strict';
import { QueryService, ROUTES } from '@kube-eagle/api';
import { CPU, createProfileBuilder, labelsOf, profileTypeId, writeOtlp } from '@kube-eagle/profile';

export const PROTOBUF = { 'content-type': 'application/x-protobuf' };
export const JSON_TYPE = { 'content-type': 'application/json' };

/** A batch of one sample. */
export function goodBatch(): Uint8Array {
  const builder = createProfileBuilder();
  const series = builder.series(labelsOf([['service_name', 'web']]), CPU);
  const stack = builder.stack(-1, builder.frame({ function: builder.function('main') }));
  builder.sample({ timeMs: Date.now(), series, stack, value: 1 });
  return writeOtlp(builder.finish());
}

/** What the batch is found by. */
export const SELECTION = {
  profileType: profileTypeId(CPU),
  selector: '',
  fromMs: Date.now() - 3_600_000,
  toMs: Date.now() + 3_600_000,
};
/** Whether a good batch is taken and a good question answered. */
export async function assertWorks(port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  const batch = { method: 'POST', headers: PROTOBUF, body: new Uint8Array(goodBatch()) };
  assert.equal((await fetch(`${url}${ROUTES.otlp}`, batch)).status, 200);
  const question = {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ selection: SELECTION }),
  };
  const answer = await fetch(`${url}/${QueryService.typeName}/Top`, question);
  assert.equal(answer.status, 200);
  assert.ok(((await answer.json()) as { total: number }).total > 0);
}
