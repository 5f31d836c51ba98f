// XML entities in a value: document types that load or multiply, and inclusions, wherever the XML stands.

import { type Detection, found, type Subject } from './detection.ts';

/** XML that reads other files or fills memory, in one value. Ids 1060001–1060004. Linear; never throws. */
export function detectEntity(subject: Subject): Detection | null {
  const { lower } = subject;
  const entity = lower.indexOf('<!entity');
  if (entity >= 0 && isDeclared(lower, entity))
    return found(1060001, 5, 'the document declares an entity', entity, entity + 128);
  const doctype = lower.indexOf('<!doctype');
  if (doctype >= 0) {
    const head = lower.slice(doctype + 9, doctype + 320);
    const name = nameOf(head);
    // Because pages of HTML and drawings name their DTD in every file that an editor writes.
    if (
      name !== 'html' &&
      name !== 'svg' &&
      name !== 'plist' &&
      (isForeign(head, ' system') || isForeign(head, ' public'))
    )
      return found(1060002, 5, 'the document loads a foreign DTD', doctype, doctype + 128);
  }
  if (doctype >= 0 && lower.indexOf('[', doctype) > 0) {
    const subset = lower.slice(lower.indexOf('[', doctype), doctype + 400);
    if (['<!element', '<!attlist', '<!notation', '[%', '[ %'].some((one) => subset.includes(one)))
      return found(1060002, 5, 'the document brings its own declarations', doctype, doctype + 128);
  }
  if (lower === '&xxe;' || lower === '%xxe;') return found(1060001, 5, 'the value refers to an entity', 0, 5);
  const local = lower.indexOf('href="file:');
  if (local >= 0) return found(1060003, 5, 'the document loads a file of the server', local, local + 64);
  if (lower.includes('encoding="utf-7"') && lower.includes('<?xml'))
    return found(1060002, 5, 'the document is in UTF-7, which hides what it says', 0, 64);
  const other = Math.max(lower.indexOf('<xsl:import href="http'), lower.indexOf('<xs:include schemalocation="http'));
  if (other >= 0) return found(1060003, 5, 'the document includes another file', other, other + 64);
  const include = lower.indexOf(':include');
  if (
    include > 0 &&
    lower.includes('href', include) &&
    lower.lastIndexOf('<', include) >= include - 12 &&
    !lower.startsWith('<esi', include - 4) &&
    !lower.startsWith('<jsp', include - 4)
  )
    return found(1060003, 5, 'the document includes another file', include, include + 64);
  const style = lower.indexOf('<?xml-stylesheet');
  if (style >= 0 && lower.indexOf('://', style) > 0 && lower.indexOf('xsl', style) > 0)
    return found(1060004, 5, 'the document is transformed by a foreign style sheet', style, style + 96);
  const schema = lower.indexOf('schemalocation=');
  if (
    schema >= 0 &&
    subject.text.length < 400 &&
    lower.startsWith('<') &&
    !lower.includes('w3.org/2001/xmlschema.xsd') &&
    lower.indexOf('.xsd', schema) > 0 &&
    !lower.startsWith('<?xml') &&
    isForeignHost(lower, schema)
  )
    return found(1060004, lower.endsWith('/>') ? 5 : 3, 'the document names a foreign schema', schema, schema + 96);
  return null;
}

/** `<!ENTITY name "…">` or `% name`: prose that only names the word goes on without a value. */
function isDeclared(lower: string, at: number): boolean {
  const rest = lower.slice(at + 8, at + 160);
  return rest.includes('"') || rest.includes("'");
}

function nameOf(head: string): string {
  let at = 0;
  while (at < head.length && head.charCodeAt(at) <= 32) at++;
  let end = at;
  while (end < head.length && head.charCodeAt(end) > 32 && head.charAt(end) !== '>' && head.charAt(end) !== '[') end++;
  return head.slice(at, end);
}

function isForeign(head: string, word: string): boolean {
  const at = head.indexOf(word);
  const close = head.indexOf('>');
  return at >= 0 && (close < 0 || at < close) && (head.includes('"', at) || head.includes("'", at));
}

function isForeignHost(lower: string, from: number): boolean {
  return lower.indexOf('://', from) > 0;
}
