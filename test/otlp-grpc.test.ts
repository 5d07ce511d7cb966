import assert from 'node:assert/strict';
import test from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import { ExportProfilesServiceResponseSchema, ProfilesService, ROUTES } from '@kube-eagle/api';
import { OTLP_REQUESTS } from '../packages/profile/src/formats/otlp-requests.ts';
import { openTestServer } from '../packages/server/src/testing.ts';

type Send = (url: string, body: Uint8Array) => Promise<Uint8Array>;

const overHttp: Send = async (url, body) => {
  const headers = { 'content-type': 'application/x-protobuf' };
  const answer = await fetch(`${url}${ROUTES.otlp}`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  });
  return new Uint8Array(await answer.arrayBuffer());
};

const overGrpc: Send = async (url, body) => {
  const client = new grpc.Client(url.replace('http://', ''), grpc.credentials.createInsecure());
  const asIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
  const path = `/${ProfilesService.typeName}/Export`;
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, asIs, asIs, body, (error, answer) =>
        error ? reject(error) : resolve(answer ?? new Uint8Array()),
      );
    });
  } finally {
    client.close();
  }
};

/** Their time is long ago. */
const AGELESS = { row_age: Number.MAX_SAFE_INTEGER };

for (const [schema, request] of Object.entries(OTLP_REQUESTS)) {
  test(`a request of schema ${schema} is read over gRPC as over HTTP`, async () => {
    for (const send of [overHttp, overGrpc]) {
      await using server = await openTestServer({ limits: AGELESS });
      const answer = fromBinary(
        ExportProfilesServiceResponseSchema,
        await send(server.url, request),
      );
      assert.equal(answer.partialSuccess, undefined);
      const metrics = await (await fetch(`${server.url}${ROUTES.metrics}`)).text();
      assert.match(metrics, new RegExp(`otlp_schema_total\\{version="${schema}"\\} 1`));
      const exported = await fetch(
        `${server.url}${ROUTES.export}?format=folded&from=1970-01-02&to=now`,
      );
      assert.equal(await exported.text(), 'main;work 5\n');
    }
  });
}
