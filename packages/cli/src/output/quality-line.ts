import type { Quality } from '@kube-eagle/api';
import { formatShare } from '@kube-eagle/profile';

/** How far an answer can be trusted, in a line: `990 stacks taken, 0 lost, 1.0 % cut short, …`. */
export function qualityLine(quality: Quality | undefined): string {
  if (!quality || quality.taken + quality.lost === 0) return 'quality not known';
  const { taken, lost, truncated, guessed, unsymbolized } = quality;
  return [
    `${count(taken)} stacks taken`,
    `${count(lost)} lost`,
    `${formatShare(truncated, taken)} cut short`,
    `${formatShare(guessed, taken)} guessed`,
    `${formatShare(unsymbolized, taken)} unnamed`,
  ].join(', ');
}

const MAX_CAUSES = 3;

/** Why and where stacks were cut short, in a line: `cut short: 0.8 % no unwind table in libfoo.so, …`. */
export function truncationLine(quality: Quality | undefined): string {
  const all = quality?.truncations ?? [];
  if (all.length === 0) return '';
  const shown = all
    .slice(0, MAX_CAUSES)
    .map(({ reason, share }) => `${formatShare(share, 1)} ${reason}`);
  const more = all.length > MAX_CAUSES ? ', …' : '';
  return `cut short: ${shown.join(', ')}${more}`;
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
