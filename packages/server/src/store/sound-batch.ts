import { checkProfile, EagleError, type Profile } from '@kube-eagle/profile';

const MAX_ID_LENGTH = 256;
/** The last instant of a Date; the year 275760. */
const MAX_TIME_MS = 8.64e15;

/** Throws `invalid_argument` for a batch that no store could keep. O(rows). */
export function requireSoundBatch(batchId: string, profile: Profile): void {
  if (batchId === '' || batchId.length > MAX_ID_LENGTH) {
    throw new EagleError(
      'invalid_argument',
      `expected a batch id of 1 to ${MAX_ID_LENGTH} characters, got ${batchId.length}`,
    );
  }
  const problems = checkProfile(profile);
  if (problems.length > 0) {
    throw new EagleError(
      'invalid_argument',
      `expected a sound profile, got ${problems.join('; ')}`,
    );
  }
  for (const column of [profile.samples.timeMs, profile.quality.timeMs]) {
    const wrong = column.find((timeMs) => Math.abs(timeMs) > MAX_TIME_MS);
    if (wrong === undefined) continue;
    throw new EagleError('invalid_argument', `expected ms since the epoch, got ${wrong}`);
  }
}
