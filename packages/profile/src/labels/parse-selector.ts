import { EagleError } from '../model/error.ts';
import { quotedText } from './quoted-text.ts';
import { type Matcher, matcher } from './selector.ts';

/** Longest selector that is read, in UTF-16 code units. */
export const MAX_SELECTOR_LENGTH = 16_384;

const NAME = /[A-Za-z_][\w./:-]*/y;
const BARE_VALUE = /[^\s,(){}"'`=!~]+/y;
const SPACE = /\s*/y;
const OPERATORS = ['=~', '!~', '!=', '==', '='] as const;

/**
 * Conditions on labels in PromQL's form, `{namespace="shop", pod=~"web-.*"}` with or without a
 * metric name before it, which is ignored, or in that of Kubernetes,
 * `namespace=shop,tier!=db,app in (a,b),zone notin (x),team,!old`. Braces, quotes and blanks are
 * free; `''` and `{}` select all. A label that is not set has the value `''`.
 *
 * Throws `invalid_argument` with the position and what was expected there.
 *
 * https://prometheus.io/docs/prometheus/latest/querying/basics/#time-series-selectors,
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
export function parseSelector(text: string): readonly Matcher[] {
  if (text.length > MAX_SELECTOR_LENGTH) {
    throw new EagleError(
      'invalid_argument',
      `selector: expected at most ${MAX_SELECTOR_LENGTH} characters, got ${text.length}`,
    );
  }
  const cursor = createCursor(text);
  if (/^\s*[\w:.]+\s*\{/.test(text)) cursor.take(NAME);
  const braced = cursor.skip('{');
  const atEnd = (): boolean => (braced ? cursor.skip('}') : cursor.ended());
  const matchers: Matcher[] = [];
  let ended = atEnd();
  while (!ended) {
    matchers.push(condition(cursor));
    ended = atEnd();
    if (ended) break;
    if (!cursor.skip(',')) throw cursor.expected(braced ? '"," or "}"' : '","');
    ended = atEnd();
  }
  if (!cursor.ended()) throw cursor.expected('the end');
  return matchers;
}

function condition(cursor: Cursor): Matcher {
  if (cursor.skip('!')) return matcher(labelName(cursor), '=', '');
  const name = labelName(cursor);
  const word = cursor.take(/(?:not)?in\b(?=\s*\()/y);
  if (word !== undefined) {
    const choice = valueList(cursor).map(escaped).join('|');
    return matcher(name, word === 'in' ? '=~' : '!~', choice);
  }
  const at = cursor.position();
  const op = OPERATORS.find((candidate) => cursor.skip(candidate));
  if (op === undefined) {
    if (!cursor.ended() && !cursor.sees(',}')) throw cursor.expected('=, !=, =~, !~, in or notin');
    return matcher(name, '!=', '');
  }
  const value = labelValue(cursor);
  try {
    return matcher(name, op === '==' ? '=' : op, value);
  } catch (error) {
    if (!(error instanceof EagleError)) throw error;
    throw cursor.wrong(error.message, at);
  }
}

function labelName(cursor: Cursor): string {
  const name = cursor.quoted() ?? cursor.take(NAME);
  if (name === undefined) throw cursor.expected('a label name');
  return name;
}

function labelValue(cursor: Cursor): string {
  const value = cursor.quoted() ?? cursor.take(BARE_VALUE);
  if (value !== undefined) return value;
  if (cursor.ended() || cursor.sees(',')) return '';
  throw cursor.expected('a value');
}

function valueList(cursor: Cursor): string[] {
  if (!cursor.skip('(')) throw cursor.expected('"("');
  const values: string[] = [];
  do values.push(labelValueOfList(cursor));
  while (cursor.skip(','));
  if (!cursor.skip(')')) throw cursor.expected('"," or ")"');
  return values;
}

function labelValueOfList(cursor: Cursor): string {
  const value = cursor.quoted() ?? cursor.take(BARE_VALUE);
  if (value !== undefined) return value;
  if (cursor.sees(',)')) return '';
  throw cursor.expected('a value');
}

function escaped(value: string): string {
  return value.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

type Cursor = ReturnType<typeof createCursor>;

/** A place in a text; every step skips blanks first. */
function createCursor(text: string) {
  let at = 0;

  function blanks(): void {
    SPACE.lastIndex = at;
    at += SPACE.exec(text)?.[0].length ?? 0;
  }

  function wrong(message: string, position = at): EagleError {
    const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
    return new EagleError(
      'invalid_argument',
      `selector ${shown}, position ${position}: ${message}`,
    );
  }

  return {
    wrong,
    position: () => at,
    ended(): boolean {
      blanks();
      return at === text.length;
    },
    /** Whether the next character is one of these. */
    sees(characters: string): boolean {
      blanks();
      return at < text.length && characters.includes(text[at] ?? '');
    },
    skip(token: string): boolean {
      blanks();
      if (!text.startsWith(token, at)) return false;
      at += token.length;
      return true;
    },
    take(pattern: RegExp): string | undefined {
      blanks();
      pattern.lastIndex = at;
      const taken = pattern.exec(text)?.[0];
      at += taken?.length ?? 0;
      return taken;
    },
    quoted(): string | undefined {
      blanks();
      const quoted = quotedText(text, at);
      if (quoted === undefined) return undefined;
      if (quoted.kind === 'bad') throw wrong(`expected ${quoted.expected}`, quoted.at);
      at = quoted.end;
      return quoted.text;
    },
    expected(what: string): EagleError {
      blanks();
      const came = at < text.length ? JSON.stringify(text.slice(at, at + 16)) : 'the end';
      return wrong(`expected ${what}, got ${came}`);
    },
  };
}
