/**
 * What makes a flame graph picture answer: zoom, walk by keys, search. It runs in the reader's
 * browser, so it is text here; boxes are in preorder, so a subtree is a run of them.
 */
export const SVG_SCRIPT: string = `(() => {
const svg = document.currentScript.ownerSVGElement;
const area = svg.querySelector('.frames');
const width = Number(area.dataset.width);
const character = Number(area.dataset.character);
const [output, input, button] = svg.querySelector('.controls').children;
const boxes = [...area.children].map((g) => {
  const [title, rect, text] = g.children;
  return { g, rect, text, name: title.textContent.split('\\n')[0], level: Number(g.dataset.l),
    x: Number(rect.getAttribute('x')), width: Number(rect.getAttribute('width')) };
});
let top = 0;
const endOf = (at) => {
  let end = at + 1;
  while (end < boxes.length && boxes[end].level > boxes[at].level) end++;
  return end;
};
const parentOf = (at) => {
  let up = at - 1;
  while (up > 0 && boxes[up].level >= boxes[at].level) up--;
  return Math.max(0, up);
};
const put = (box, x, wide) => {
  const room = Math.floor((wide - 8) / character);
  box.rect.setAttribute('x', x);
  box.rect.setAttribute('width', wide);
  box.text.setAttribute('x', x + 4);
  box.text.textContent = room < 3 ? ''
    : box.name.length <= room ? box.name : box.name.slice(0, room - 1) + '\\u2026';
};
const zoom = (at) => {
  const target = boxes[at];
  const scale = target.width > 0 ? width / target.width : 0;
  top = at;
  boxes.forEach((box) => box.g.classList.add('out'));
  for (let row = at, end = endOf(at); row < end; row++) {
    const box = boxes[row];
    box.g.classList.remove('out', 'above');
    put(box, (box.x - target.x) * scale, box.width * scale);
  }
  for (let row = at; row > 0; ) {
    row = parentOf(row);
    boxes[row].g.classList.remove('out');
    boxes[row].g.classList.add('above');
    put(boxes[row], 0, width);
  }
  search();
};
const search = () => {
  let pattern;
  input.setCustomValidity('');
  try {
    pattern = input.value === '' ? undefined : new RegExp(input.value);
  } catch (error) {
    input.setCustomValidity(error.message);
  }
  let matched = 0;
  const end = endOf(top);
  for (let row = 0, counted = 0; row < boxes.length; row++) {
    const hit = pattern !== undefined && pattern.test(boxes[row].name);
    boxes[row].g.classList.toggle('hit', hit);
    if (!hit || row < top || row >= end || row < counted) continue;
    matched += boxes[row].width;
    counted = endOf(row);
  }
  const share = (100 * matched) / (boxes[top].width || 1);
  output.textContent = pattern === undefined ? '' : 'matched ' + share.toFixed(1) + ' %';
};
const walk = (at, key) => {
  if (key === 'ArrowUp') return parentOf(at);
  if (key === 'ArrowDown') return at + 1 < endOf(at) ? at + 1 : at;
  const step = key === 'ArrowRight' ? 1 : -1;
  let next = at + step;
  while (boxes[next] && (boxes[next].level !== boxes[at].level || boxes[next].g.matches('.out'))) next += step;
  return boxes[next] ? next : at;
};
const focus = (from, to) => {
  boxes[from].g.setAttribute('tabindex', '-1');
  boxes[to].g.setAttribute('tabindex', '0');
  boxes[to].g.focus();
};
const boxOf = (event) => boxes.findIndex((box) => box.g.contains(event.target));
area.addEventListener('click', (event) => {
  const at = boxOf(event);
  if (at >= 0) zoom(at);
});
area.addEventListener('keydown', (event) => {
  const at = boxOf(event);
  if (at < 0) return;
  if (event.key === 'Enter' || event.key === ' ') zoom(at);
  else if (event.key.startsWith('Arrow')) focus(at, walk(at, event.key));
  else return;
  event.preventDefault();
});
svg.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') zoom(0);
  if (event.key !== '/' || event.target === input) return;
  event.preventDefault();
  input.focus();
});
input.addEventListener('input', search);
button.addEventListener('click', () => zoom(0));
})();`;
