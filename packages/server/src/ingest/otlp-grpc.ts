import { toBinary } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  ExportProfilesServiceRequestSchema,
  IDEMPOTENCY_KEY,
  ProfilesService,
} from '@kube-eagle/api';
import { EagleError, readOtlp } from '@kube-eagle/profile';
import type { FastifyInstance } from 'fastify';
import { batchIdOf } from './batch-id.ts';
import { exportResponse, type OtlpPorts } from './otlp-http.ts';

/** Where OTLP's exporters send profiles over gRPC. */
const EXPORT_PATH = `/${ProfilesService.typeName}/${ProfilesService.method.export.name}`;

/** OTLP over gRPC: the same as over HTTP, in another envelope. */
export function addOtlpGrpc(router: ConnectRouter, ports: OtlpPorts): void {
  const { ingest, budget, limits, telemetry } = ports;
  router.service(
    ProfilesService,
    {
      async export(request, context) {
        const bytes = toBinary(ExportProfilesServiceRequestSchema, request);
        using hold = budget.hold();
        hold.add(bytes.length);
        telemetry.metrics.bodyBytes.inc({ form: 'grpc' }, bytes.length);
        const parsed = readOtlp(bytes);
        telemetry.metrics.schemas.inc({ version: parsed.schema });
        const id = batchIdOf(context.requestHeader.get(IDEMPOTENCY_KEY) ?? undefined);
        const signal = AbortSignal.timeout(limits.value('store_timeout'));
        return exportResponse(await ingest({ id, parsed }, signal));
      },
    },
    { readMaxBytes: limits.value('body_bytes') },
  );
}

/**
 * Bounds how many exports are read at once: a message over gRPC says its size only as it comes, and
 * Connect holds it whole before anybody can refuse it.
 */
export function boundGrpcExports(app: FastifyInstance, { limits }: OtlpPorts): void {
  let open = 0;
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url !== EXPORT_PATH) return;
    if (open >= limits.value('grpc_exports')) {
      limits.hit('grpc_exports');
      throw new EagleError(
        'resource_exhausted',
        `${open} exports are being read: send again later`,
      );
    }
    open++;
    reply.raw.once('close', () => open--);
  });
}
