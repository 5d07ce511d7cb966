import { KIND_COLOURS } from '../model/kind-colours.ts';
import { FRAME_KINDS } from '../model/profile.ts';

const KINDS = FRAME_KINDS.map((kind, at) => {
  const [hue, chroma] = KIND_COLOURS[kind];
  return `.k${at}{--h:${hue};--c:${chroma}}`;
}).join('');

const SHADES = [0, 1, 2, 3].map((shade) => `.s${shade}{--s:${shade * 0.018}}`).join('');

/** Style sheet of a flame graph picture: a colour a kind, a shade a name, light and dark. */
export const SVG_STYLE: string = `
.eagle{--page:oklch(0.985 0.003 260);--ink:oklch(0.24 0.015 260);--l:0.83;--hit:oklch(0.5 0.21 305);--hit-ink:oklch(0.985 0.01 305);max-width:100%;height:auto;font:12px ui-sans-serif,system-ui,sans-serif}
@media(prefers-color-scheme:dark){.eagle{--page:oklch(0.2 0.01 260);--ink:oklch(0.95 0.008 260);--l:0.4;--hit:oklch(0.8 0.14 310);--hit-ink:oklch(0.2 0.04 310);color-scheme:dark}}
${KINDS}
${SHADES}
.page{fill:var(--page)}
text{fill:var(--ink);pointer-events:none}
.head{font-size:15px;font-weight:600}
.f{cursor:pointer;outline:none}
.f rect{fill:oklch(calc(var(--l) + var(--s)) var(--c) var(--h))}
.f:hover rect,.f:focus-visible rect{stroke:var(--ink);stroke-width:1.5}
.f.above{opacity:.6}
.f.hit rect{fill:var(--hit)}
.f.hit text{fill:var(--hit-ink)}
.f.out{display:none}
.controls{display:flex;gap:6px;justify-content:flex-end;align-items:center;color:var(--ink);font:12px ui-sans-serif,system-ui,sans-serif}
.controls input,.controls button{font:inherit}
.controls input:invalid{outline:2px solid oklch(0.6 0.2 25)}
`;
