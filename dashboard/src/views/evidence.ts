// Where in a request the bytes stand that a rule found: in the target as it was sent, or in a header field.

/** A piece of text, and whether it is what was found. */
export interface Piece {
  readonly text: string;
  readonly isFound: boolean;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** The target with what was found marked. `variable` is `ARGS:id`, `value` what was seen there after decoding. */
export function markedTarget(target: string, variable: string, value: string): Piece[] {
  return cut(target, rangeInTarget(target, variable, value));
}

/** A header's value with what was found marked, where the variable means this field. */
export function markedHeader(name: string, text: string, variable: string, value: string): Piece[] {
  const [family = '', field = ''] = split(variable);
  if (!family.startsWith('REQUEST_HEADERS') || field.toLowerCase() !== name.toLowerCase()) return cut(text, null);
  const at = value === '' ? -1 : text.indexOf(value);
  return cut(text, at < 0 ? { from: 0, to: text.length } : { from: at, to: at + value.length });
}

function split(variable: string): string[] {
  const at = variable.indexOf(':');
  return at < 0 ? [variable] : [variable.slice(0, at), variable.slice(at + 1)];
}

function cut(text: string, range: Range | null): Piece[] {
  if (range === null) return [{ text, isFound: false }];
  return [
    { text: text.slice(0, range.from), isFound: false },
    { text: text.slice(range.from, range.to), isFound: true },
    { text: text.slice(range.to), isFound: false },
  ].filter((piece) => piece.text !== '');
}

function rangeInTarget(target: string, variable: string, value: string): Range | null {
  const [family = '', name = ''] = split(variable);
  const question = target.indexOf('?');
  const pathEnd = question < 0 ? target.length : question;
  if (family === 'REQUEST_FILENAME' || family === 'REQUEST_BASENAME')
    return within(target, { from: 0, to: pathEnd }, value);
  if (family === 'REQUEST_URI' || family === 'REQUEST_URI_RAW' || family === 'REQUEST_LINE')
    return within(target, { from: 0, to: target.length }, value);
  if (family === 'QUERY_STRING') return within(target, { from: pathEnd + 1, to: target.length }, value);
  if (!family.startsWith('ARGS') || question < 0) return null;
  for (let from = question + 1; from <= target.length; ) {
    const next = target.indexOf('&', from);
    const to = next < 0 ? target.length : next;
    const equals = target.indexOf('=', from);
    const nameEnd = equals < 0 || equals > to ? to : equals;
    const isNames = family.includes('NAMES');
    const written = decodedWithPlaces(target, { from, to: nameEnd }).text;
    if (written === name)
      return isNames ? { from, to: nameEnd } : within(target, { from: Math.min(nameEnd + 1, to), to }, value);
    from = to + 1;
  }
  return null;
}

/** Where within the stretch the value stands when percent signs and plus signs are undone, up to twice; else the whole stretch. */
function within(target: string, range: Range, value: string): Range {
  const { text, places } = decodedWithPlaces(target, range);
  const needle = value.trim();
  const at = needle === '' ? -1 : text.indexOf(needle);
  if (at >= 0) return { from: places[at]!, to: places[at + needle.length]! };
  return range;
}

/** The text with percent encoding undone, and where each of its characters (and its end) stood. Bytes that are no UTF-8 stay as they are. */
function decodedWithPlaces(target: string, { from, to }: Range): { text: string; places: number[] } {
  let text = '';
  const places: number[] = [];
  for (let at = from; at < to; ) {
    let end = at;
    while (target[end] === '%' && isHex(target[end + 1]) && isHex(target[end + 2]) && end + 3 <= to) end += 3;
    if (end === at) {
      places.push(at);
      text += target[at] === '+' ? ' ' : target[at];
      at++;
      continue;
    }
    for (const { character, length } of charactersOf(target.slice(at, end))) {
      for (let unit = 0; unit < character.length; unit++) places.push(at);
      text += character;
      at += length;
    }
  }
  places.push(to);
  return { text, places };
}

/** Characters of a run of `%XX`, each with how long it is written. */
function* charactersOf(run: string): Generator<{ character: string; length: number }> {
  for (let at = 0; at < run.length; ) {
    const lead = Number.parseInt(run.slice(at + 1, at + 3), 16);
    const bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
    const written = run.slice(at, at + bytes * 3);
    try {
      yield { character: decodeURIComponent(written), length: written.length };
      at += written.length;
    } catch {
      yield { character: String.fromCharCode(lead), length: 3 };
      at += 3;
    }
  }
}

function isHex(character: string | undefined): boolean {
  return character !== undefined && '0123456789abcdefABCDEF'.includes(character);
}
