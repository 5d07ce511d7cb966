/** A quoted string found in a text, or where it is wrong. */
export type QuotedText =
  | { readonly kind: 'good'; readonly text: string; readonly end: number }
  | { readonly kind: 'bad'; readonly expected: string; readonly at: number };

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const CODE = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y;

/**
 * The string in double, single or back quotes that begins at `start`; `undefined` where no quote is.
 * Escapes are those of Go; back quotes have none.
 * https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals
 */
export function quotedText(source: string, start: number): QuotedText | undefined {
  const quote = source[start] ?? '';
  if (quote === '' || !`"'\``.includes(quote)) return undefined;
  let text = '';
  for (let at = start + 1; at < source.length; ) {
    const character = source[at] ?? '';
    if (character === quote) return { kind: 'good', text, end: at + 1 };
    if (character !== '\\' || quote === '`') {
      text += character;
      at++;
      continue;
    }
    const decoded = escapeAt(source, at + 1);
    if (!decoded) return { kind: 'bad', expected: 'an escape such as \\" \\\\ \\n or \\u00e9', at };
    text += decoded.text;
    at = decoded.end;
  }
  return { kind: 'bad', expected: `a closing ${quote}`, at: source.length };
}

function escapeAt(source: string, at: number) {
  const simple = SIMPLE[source[at] ?? ''];
  if (simple !== undefined) return { text: simple, end: at + 1 };
  CODE.lastIndex = at;
  const match = CODE.exec(source);
  if (!match) return undefined;
  const [whole, byte, short, long, octal] = match;
  const code =
    octal === undefined
      ? Number.parseInt(byte ?? short ?? long ?? '', 16)
      : Number.parseInt(octal, 8);
  if (code > 0x10ffff) return undefined;
  return { text: String.fromCodePoint(code), end: at + whole.length };
}
