// SQL spelt for filters: words that stand within themselves or hold comments, and a number with a quote where only a number can be.

import { isLetter } from '../classes.ts';
import { type Detection, found, type Subject } from './detection.ts';

/** Words that filters take out of a value once. */
const filtered: readonly string[] = ['union', 'select', 'script'];

/** `ununionion`, `selselectect`: what is such a word again once it was taken out; to be found with the signs of other detectors. */
export const doubledSigns: readonly string[] = filtered.flatMap((word) =>
  Array.from({ length: word.length - 1 }, (_, at) => word.slice(0, at + 1) + word + word.slice(at + 1)),
);

/** Arguments that hold the number of something. */
const numbered: ReadonlySet<string> = new Set('id pid uid cid nid gid cat author page p item product'.split(' '));

/** Arguments that hold the name of an account. */
const accounts: ReadonlySet<string> = new Set('user username login email userid account uname usr'.split(' '));

/** `admin' -- x`, `admin"#`: one word without a blank, a quote, and a comment, where a name of an account belongs. */
function isCutName(text: string): boolean {
  let at = 0;
  while (
    at < 64 &&
    at < text.length &&
    text.charCodeAt(at) > 32 &&
    text.charCodeAt(at) !== 39 &&
    text.charCodeAt(at) !== 34
  )
    at++;
  const quote = text.charCodeAt(at);
  if (quote !== 39 && quote !== 34) return false;
  const rest = text.slice(at + 1, at + 8).trimStart();
  return rest.startsWith('--') || rest.startsWith('#') || rest.startsWith('/*');
}

/** A value that is spelt to pass a filter, or probes a number. Ids 1042280–1042282. Linear; never throws. */
export function detectSpelledSql({ text, name, places, isName, inHead }: Subject): Detection | null {
  if (places !== null)
    for (const sign of doubledSigns) {
      const at = places.get(sign);
      if (at !== undefined)
        return found(1042280, 5, `the value holds "${sign}", a word again once a filter took it out`, at, at + 64);
    }
  const isProbe = inHead && !isName && isQuotedNumber(text) && numbered.has(name.toLowerCase());
  if (!isName && (text.endsWith("'\0") || text.endsWith('"\0')))
    return found(1042281, 5, 'the value ends in a quote and a NUL byte, as probes have it', 0, text.length);
  if (!isName && accounts.has(name.toLowerCase()) && isCutName(text))
    return found(1042282, 5, 'the name of an account ends in a quote and a comment', 0, text.length);
  return isProbe
    ? found(1042281, 5, 'the number of something ends in a quote, as probes have it', 0, text.length)
    : null;
}

/** The text with the comments left out that part the letters of a word (`un/**\/ion`); null where there are none. */
export function withoutInnerComments(text: string): string | null {
  let rest = '';
  let from = 0;
  for (let at = text.indexOf('/**/'); at >= 0; at = text.indexOf('/**/', at + 4)) {
    if (!isLetter(text.charCodeAt(at - 1)) || !isLetter(text.charCodeAt(at + 4))) continue;
    rest += text.slice(from, at);
    from = at + 4;
  }
  return from === 0 ? null : rest + text.slice(from);
}

function isQuotedNumber(text: string): boolean {
  if (text.length < 2 || text.length > 10) return false;
  const last = text.charCodeAt(text.length - 1);
  if (last !== 39 && last !== 34) return false;
  for (let at = 0; at < text.length - 1; at++)
    if (!(text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57)) return false;
  return true;
}
