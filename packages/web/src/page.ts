import type { EagleClient } from '@kube-eagle/api';
import type { PlaceStore } from './place/place-store.ts';

/** What the parts of the page are handed. */
export interface Page {
  readonly client: EagleClient;
  readonly store: PlaceStore;
  readonly nowMs: () => number;
  /** URL of the folder the page lies in. */
  readonly base: string;
}
