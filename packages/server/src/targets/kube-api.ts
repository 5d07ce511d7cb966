/** The Kubernetes API as caches need it: to read, one request at a time. */
export interface KubeApi {
  /** Its URL, for people. */
  readonly server: string;
  /**
   * Asks once. `signal` ends the answer's body, too. Throws `unavailable` where no answer comes,
   * `unauthenticated` where there are no credentials to ask with.
   */
  get(request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer>;
}

export interface KubeRequest {
  /** Path with its query: `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Media types that are understood. */
  readonly accept: string;
}

export interface KubeAnswer {
  readonly status: number;
  /** How long the server wants to be left alone; `undefined` where it does not say. */
  readonly retryAfterMs: number | undefined;
  /** Throws `unavailable` where the connection breaks. Must be read, or `signal` aborted. */
  readonly body: AsyncIterable<Uint8Array>;
}
