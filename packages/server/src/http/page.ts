import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Files whose names change with their contents. */
const HASHED = /-[\w-]{8,}\.\w+$/;

/** Serves the built page at `/` from a directory. */
export function registerPage(app: FastifyInstance, directory: string): void {
  app.register(fastifyStatic, {
    root: directory,
    cacheControl: false,
    setHeaders(reply, path) {
      reply.header(
        'cache-control',
        HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
}
