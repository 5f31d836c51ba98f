// XML entities in a value: document types that load or multiply, and inclusions, wherever the XML stands.

import { type Detection, found, isFenced, type Subject } from './detection.ts';

/** XML that reads other files or fills memory, in one value. Ids 1060001–1060004. Linear; never throws. */
export function detectEntity(subject: Subject): Detection | null {
  const { lower } = subject;
  const entity = lower.indexOf('<!entity');
  // Because a document begins with its first bracket: what a sentence shows is read by no parser.
  if (entity >= 0 && isShown(lower, entity))
    return found(1060001, 2, 'the text shows a declaration of an entity', entity, entity + 128);
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
      !isPublished(head) &&
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

/** Whether the text begins with a fence of Markdown, or with words before its first bracket. */
function isShown(lower: string, at: number): boolean {
  if (lower.startsWith('```') || lower.startsWith('~~~')) return isFenced(lower, at);
  const first = lower.indexOf('<');
  let words = 0;
  for (let end = 1; end < first && words < 3; end++)
    if (lower.charCodeAt(end) <= 32 && isWordEnd(lower.charCodeAt(end - 1))) words++;
  return words > 2;
}

function isWordEnd(code: number): boolean {
  return (code >= 97 && code <= 122) || code === 58 || code === 44;
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

/** Where those who define a kind of document publish its DTD: nobody else can put anything there. */
const publishers: readonly string[] = [
  ...['xml.cxml.org/', 'www.w3.org/', 'www.oasis-open.org/', 'docbook.org/', 'java.sun.com/', 'www.apple.com/dtds/'],
  ...['www.openmobilealliance.org/', 'www.springframework.org/', 'mybatis.org/', 'hibernate.org/'],
  ...['www.hibernate.org/', 'hibernate.sourceforge.net/', 'struts.apache.org/', 'xml.apache.org/'],
  ...['www.musicxml.org/', 'jats.nlm.nih.gov/', 'dtd.nlm.nih.gov/', 'www.ncbi.nlm.nih.gov/', 'www.daisy.org/'],
  ...['tiles.apache.org/', 'checkstyle.org/', 'www.eclipse.org/', 'www.freedesktop.org/', 'www.gtk.org/'],
];

/** Whether the only address in a document type, given in lower case, is one of a publisher, and nothing is declared there. */
function isPublished(head: string): boolean {
  const close = head.indexOf('>');
  const type = close < 0 ? '' : head.slice(0, close);
  const at = type.indexOf('://');
  if (at < 0 || at !== type.lastIndexOf('://') || type.includes('[')) return false;
  return (
    (type.startsWith('http', at - 4) || type.startsWith('https', at - 5)) &&
    publishers.some((one) => type.startsWith(one, at + 3))
  );
}

function isForeign(head: string, word: string): boolean {
  const at = head.indexOf(word);
  const close = head.indexOf('>');
  return at >= 0 && (close < 0 || at < close) && (head.includes('"', at) || head.includes("'", at));
}

function isForeignHost(lower: string, from: number): boolean {
  return lower.indexOf('://', from) > 0;
}
