// Code that a text cites rather than is: what an editor of rich text set between its tags.

import { type Detection, isFenced } from './detectors/detection.ts';
import { CODE } from './places.ts';

/** What is left of a detection where the text only cites code: suspicion. */
export function cited(bit: number, detection: Detection, form: string): Detection {
  if (detection.score < 5) return detection;
  // Because XML is what some objects and expressions come as.
  if (!isFenced(form, detection.start) && (bit === CODE || !isMarkedUp(form))) return detection;
  return { ...detection, score: 3, severity: 'WARNING' };
}

/**
 * Whether the text is markup from its first character to its last: `<p>…</p>`. The end tag is what a shell and a database
 * stumble over, unless a comment takes it away.
 */
export function isMarkedUp(text: string): boolean {
  if (text.charCodeAt(0) !== 60 || !isLetter(text.charCodeAt(1)) || text.charCodeAt(text.length - 1) !== 62)
    return false;
  const last = text.lastIndexOf('<');
  if (text.charCodeAt(last + 1) !== 47 || !isLetter(text.charCodeAt(last + 2))) return false;
  return !text.includes('--') && !text.includes('/*') && !text.includes(' #') && !text.includes(';#');
}

/**
 * Whether the text is what an editor of rich text sends: tags that end, with code set as code or a sentence between them. What
 * it spells by `&lt;` is no markup then.
 */
export function holdsMarkup(text: string): boolean {
  const end = text.indexOf('</');
  if (end < 1 || !isLetter(text.charCodeAt(end + 2)) || text.indexOf('<') === end) return false;
  return text.includes('<code') || text.includes('<pre') || hasSentence(text);
}

/** Whether three words in a row stand outside the tags, a blank between each two. */
function hasSentence(text: string): boolean {
  let words = 0;
  let inTag = false;
  let letters = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const was = inTag;
    if (code === 60 || code === 62) inTag = code === 60;
    if (was) continue;
    if (isLetter(code) || code > 0xbf || code === 39) letters++;
    else {
      words =
        letters > 0 && (code === 32 || code === 60 || code === 44 || code === 46) ? words + 1 : letters > 0 ? 0 : words;
      if (words > 2) return true;
      letters = 0;
    }
  }
  return false;
}

function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122;
}
