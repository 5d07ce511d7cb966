import type { FrameKind } from './profile.ts';

/** Hue in degrees and chroma of each kind, in OKLCH: told apart at a glance. */
export const KIND_COLOURS: Readonly<Record<FrameKind, readonly [hue: number, chroma: number]>> = {
  unknown: [260, 0.012],
  native: [88, 0.085],
  kernel: [28, 0.085],
  go: [212, 0.075],
  rust: [56, 0.09],
  cpython: [252, 0.08],
  jvm: [152, 0.085],
  v8js: [120, 0.09],
  ruby: [2, 0.08],
  php: [296, 0.08],
  perl: [316, 0.08],
  dotnet: [276, 0.085],
  beam: [338, 0.08],
  luajit: [182, 0.07],
  'abort-marker': [28, 0.02],
};
