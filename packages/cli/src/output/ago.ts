import { formatDuration } from '@kube-eagle/api';

/** How long ago an instant was: `3m ago`, in its two largest units; `never` for 0. */
export function ago(thenMs: number, nowMs: number): string {
  if (thenMs === 0) return 'never';
  const passedMs = nowMs - thenMs;
  if (passedMs < 1_000) return 'now';
  const [text = ''] = /^\d+\D+(?:\d+\D+)?/.exec(formatDuration(passedMs)) ?? [];
  return `${text} ago`;
}
