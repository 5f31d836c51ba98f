// Whether a path lies under another, by whole segments: what limits, rules and models mean by a prefix.

/** Whether `path` is `prefix` or lies under it; `prefix` has no slash at its end unless it is `/`. A `;` ends a segment too, as parameters begin there. */
export function isUnder(path: string, prefix: string): boolean {
  if (prefix === '/') return true;
  if (!path.startsWith(prefix)) return false;
  const next = path.charCodeAt(prefix.length);
  return Number.isNaN(next) || next === 0x2f || next === 0x3b;
}
