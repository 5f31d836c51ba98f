// Strings that somebody else chose, for every field that a view shows: written for this project, each for another way to be taken for more than text.

/** The strings. */
export const hostile: readonly string[] = [
  '<script>alert("script")</script>',
  '<img src=x onerror=alert("img")>',
  '"><svg/onload=alert("svg")>',
  "'-alert('quote')-'",
  '</title></style></textarea></script><iframe srcdoc="<script>parent.alert(1)</script>">',
  'javascript:alert("link")',
  '{{constructor.constructor("alert(1)")()}} \u0024{alert(1)} #{alert(1)}',
  '\u202egnp.exe\u202c and \u2066isolated\u2069 and \u200bnothing',
  'a\u0000b\u0007c\u001b[31mred\u001b[0m\r\nSet-Cookie: x=1',
  '&lt;b&gt; &amp; &#60;i&#62;',
  'W'.repeat(4000),
  '؏ العربية ﷽ \u0301\u0301\u0301\u0301 e\u0301 👩‍👩‍👧‍👦 \ud800',
  '-1; DROP TABLE journeys; --',
  '__proto__',
  '',
];

/** The same value with every text in it replaced by one of these, in turn; texts under names that `keep` says are left. */
export function poisoned(value: unknown, keep: (name: string) => boolean, turn = { at: 0 }, name = ''): unknown {
  if (typeof value === 'string') return keep(name) ? value : hostile[turn.at++ % hostile.length];
  if (Array.isArray(value)) return value.map((one) => poisoned(one, keep, turn, name));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [nameOf(name, key, turn), poisoned(one, keep, turn, key)]);
  return Object.fromEntries(entries);
}

/** Names of header fields and of reasons that are counted come from outside, too. */
function nameOf(group: string, key: string, turn: { at: number }): string {
  return group === 'headers' ? `${hostile[turn.at++ % hostile.length]!}${key}` : key;
}
