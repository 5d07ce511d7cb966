/** Paths of the server that are not Connect services. */
export const ROUTES = {
  otlp: '/v1development/profiles',
  export: '/export',
  healthz: '/healthz',
  readyz: '/readyz',
  metrics: '/metrics',
} as const;

/** The server's port. */
export const DEFAULT_PORT = 4040;

/** Header of an ingest request: the same key is stored once. A UUID. */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** What `GET /export` can give; query: format, profile_type, selector, from_ms, to_ms. */
export const EXPORT_FORMATS = ['folded', 'speedscope', 'pprof'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];
