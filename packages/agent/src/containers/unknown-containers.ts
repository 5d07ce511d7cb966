import { type Bell, createBell } from '../export/bell.ts';

/** Containers that were met and that nobody has named yet. */
export interface UnknownContainers {
  /** Notes that one was met; each counts a few times only, as some have no name anywhere. */
  met(id: string): void;
  /** Forgets what was noted of it. */
  named(id: string): void;
  /** How often one counted so far. */
  readonly times: number;
  /** Rings whenever `times` grows. */
  readonly bell: Bell;
}

/** A runtime may not know a container at once; pods' own processes it never tells of. */
const TRIES = 3;

/** None met yet; remembers at most `limit`. */
export function createUnknownContainers(limit: number): UnknownContainers {
  const tries = new Map<string, number>();
  const bell = createBell();
  let times = 0;
  return {
    bell,
    get times() {
      return times;
    },
    met(id) {
      const tried = tries.get(id) ?? 0;
      if (tried >= TRIES) return;
      tries.set(id, tried + 1);
      if (tries.size > limit) tries.delete(tries.keys().next().value ?? '');
      times++;
      bell.ring();
    },
    named(id) {
      tries.delete(id);
    },
  };
}
