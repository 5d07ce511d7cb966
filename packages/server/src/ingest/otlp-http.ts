import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import {
  type ExportProfilesServiceResponse,
  ExportProfilesServiceResponseSchema,
  IDEMPOTENCY_KEY,
  ROUTES,
} from '@kube-eagle/api';
import { readOtlp, readOtlpJson } from '@kube-eagle/profile';
import type { FastifyInstance } from 'fastify';
import type { ByteBudget } from '../http/byte-budget.ts';
import { readBody } from '../http/read-body.ts';
import { refusal } from '../http/refusal.ts';
import type { Limits } from '../limits.ts';
import type { Telemetry } from '../telemetry.ts';
import { batchIdOf } from './batch-id.ts';
import type { Ingest, Receipt } from './ingest.ts';

export interface OtlpPorts {
  readonly ingest: Ingest;
  readonly budget: ByteBudget;
  readonly limits: Limits;
  readonly telemetry: Telemetry;
}

const FORMS: Readonly<Record<string, 'protobuf' | 'json'>> = {
  'application/x-protobuf': 'protobuf',
  'application/protobuf': 'protobuf',
  'application/json': 'json',
};

/**
 * `POST /v1development/profiles` as OTLP/HTTP has it
 * (https://opentelemetry.io/docs/specs/otlp/#otlphttp): protobuf or JSON, answered after commit in
 * the request's own form.
 */
export function registerOtlpHttp(app: FastifyInstance, ports: OtlpPorts): void {
  const { ingest, budget, limits, telemetry } = ports;
  app.post(ROUTES.otlp, async (request, reply) => {
    const form = formOf(request.headers['content-type']);
    const id = batchIdOf(oneOf(request.headers[IDEMPOTENCY_KEY]));
    using hold = budget.hold();
    const body = await readBody(request.raw, hold, limits);
    telemetry.metrics.bodyBytes.inc({ form }, body.length);
    const endDecode = telemetry.metrics.ingestSeconds.startTimer({ phase: 'decode' });
    const parsed = form === 'json' ? readOtlpJson(body.toString()) : readOtlp(body);
    endDecode();
    telemetry.metrics.schemas.inc({ version: parsed.schema });
    const signal = AbortSignal.timeout(limits.value('store_timeout'));
    const response = exportResponse(await ingest({ id, parsed }, signal));
    if (form === 'json') {
      return reply
        .type('application/json')
        .send(toJsonString(ExportProfilesServiceResponseSchema, response));
    }
    return reply
      .type('application/x-protobuf')
      .send(Buffer.from(toBinary(ExportProfilesServiceResponseSchema, response)));
  });
}

/** OTLP's answer: empty where all was stored. */
export function exportResponse(receipt: Receipt): ExportProfilesServiceResponse {
  if (receipt.message === '') return create(ExportProfilesServiceResponseSchema);
  return create(ExportProfilesServiceResponseSchema, {
    partialSuccess: {
      rejectedProfiles: BigInt(receipt.rejectedProfiles),
      errorMessage: receipt.message,
    },
  });
}

function formOf(contentType: string | undefined): 'protobuf' | 'json' {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const form = Object.hasOwn(FORMS, mediaType) ? FORMS[mediaType] : undefined;
  if (form !== undefined) return form;
  throw refusal(
    415,
    'invalid_argument',
    `expected content-type application/x-protobuf or application/json, got ${JSON.stringify(mediaType)}`,
  );
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
