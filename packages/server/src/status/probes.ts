import { ROUTES } from '@kube-eagle/api';
import { EagleError } from '@kube-eagle/profile';
import type { FastifyInstance } from 'fastify';
import type { StoreUpkeep } from '../store/profile-store.ts';
import type { Telemetry } from '../telemetry.ts';

export interface ProbePorts {
  readonly store: StoreUpkeep;
  readonly telemetry: Telemetry;
  readonly draining: AbortSignal;
}

const STORE_TIMEOUT_MS = 2_000;

/**
 * `/healthz`: the process answers. `/readyz`: it can serve, or 503 and what is not ready.
 * `/metrics`: Prometheus' text form.
 */
export function registerProbes(app: FastifyInstance, ports: ProbePorts): void {
  const { store, telemetry, draining } = ports;
  app.get(ROUTES.healthz, (_request, reply) => reply.type('text/plain').send('ok\n'));
  app.get(ROUTES.readyz, async (_request, reply) => {
    if (draining.aborted) throw new EagleError('unavailable', 'the server is stopping');
    try {
      await store.status(AbortSignal.timeout(STORE_TIMEOUT_MS));
    } catch (cause) {
      throw new EagleError('unavailable', `the store does not answer: ${String(cause)}`, { cause });
    }
    return reply.type('text/plain').send('ready\n');
  });
  app.get(ROUTES.metrics, async (_request, reply) => {
    const { text, contentType } = await telemetry.exposition();
    return reply.header('content-type', contentType).send(text);
  });
}
