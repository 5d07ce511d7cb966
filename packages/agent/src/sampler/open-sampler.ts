import { EagleError, messageOf } from '@kube-eagle/profile';
import type { Finding } from './findings.ts';
import type { CountingSampler, SampleRequest, SamplerDriver } from './sampler.ts';

/** A sampler, and what was learnt on the way to it. */
export interface OpenedSampler {
  readonly sampler: CountingSampler;
  readonly driver: SamplerDriver['name'];
  /** One for each driver that was tried: which one runs, and why those before it do not. */
  readonly findings: readonly Finding[];
}

const MAX_RATE_HZ = 1_000;
const MIN_WINDOW_MS = 100;
const MAX_WINDOW_MS = 600_000;

/**
 * Opens the first driver that this machine allows, in the order given. Throws `invalid_argument`
 * for a request out of bounds and `failed_precondition`, with every reason, where none can be had.
 */
export async function openSampler(
  request: SampleRequest,
  drivers: readonly SamplerDriver[],
): Promise<OpenedSampler> {
  checkRequest(request);
  const refused: Finding[] = [];
  for (const driver of drivers) {
    try {
      const sampler = await driver.open(request);
      const used = { name: driver.name, ok: true, detail: sampler.scope, mend: '' };
      return { sampler, driver: driver.name, findings: [...refused, used] };
    } catch (error) {
      if (!(error instanceof EagleError) || error.code !== 'failed_precondition') throw error;
      refused.push(refusedBy(driver.name, messageOf(error)));
    }
  }
  const reasons = refused.map(({ name, detail, mend }) => `${name}: ${detail}; ${mend}`);
  throw new EagleError(
    'failed_precondition',
    `expected a way to sample this machine, got none. ${reasons.join('. ')}`,
  );
}

/** Messages say what was expected and came, then, behind a semicolon, what to do. */
function refusedBy(name: string, message: string): Finding {
  const at = message.indexOf('; ');
  return at < 0
    ? { name, ok: false, detail: message, mend: '' }
    : { name, ok: false, detail: message.slice(0, at), mend: message.slice(at + 2) };
}

function checkRequest({ rateHz, windowMs }: SampleRequest): void {
  if (!Number.isInteger(rateHz) || rateHz < 1 || rateHz > MAX_RATE_HZ) {
    throw new EagleError(
      'invalid_argument',
      `expected a whole rate of 1 to ${MAX_RATE_HZ} Hz, got ${rateHz}`,
    );
  }
  if (!(windowMs >= MIN_WINDOW_MS && windowMs <= MAX_WINDOW_MS)) {
    throw new EagleError(
      'invalid_argument',
      `expected windows of ${MIN_WINDOW_MS} to ${MAX_WINDOW_MS} ms, got ${windowMs}`,
    );
  }
}
