// `@detectXSS`: the detector of cross-site scripting as an operator of rules.

import { detectHtml } from './html.ts';

/** Whether the value would execute in a page, or declares entities of its own for the page's reader to fetch. */
export function detectXss(value: string): boolean {
  const found = detectHtml(value);
  return (found !== null && found.score >= 5) || declaresEntity(value);
}

/** `<!ENTITY`, with or without the document type around it. */
function declaresEntity(value: string): boolean {
  for (let at = value.indexOf('<!'); at >= 0; at = value.indexOf('<!', at + 2))
    if (value.slice(at + 2, at + 8).toLowerCase() === 'entity') return true;
  return false;
}
