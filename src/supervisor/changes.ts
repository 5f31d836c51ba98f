// What a reload changed: two settings side by side, told in the words of the file.

/** Most changes that are listed one by one. */
const maxListed = 40;
/** Longest value that is shown, in characters. */
const maxShown = 80;

/** One line for each value that differs, `limits.idle_timeout_ms: 60000 → 30000`; beyond `maxListed` how many more there are. */
export function changesBetween(before: unknown, after: unknown): string[] {
  const lines: string[] = [];
  compare(before, after, '', lines);
  if (lines.length <= maxListed) return lines;
  return [...lines.slice(0, maxListed), `and ${lines.length - maxListed} more`];
}

function compare(before: unknown, after: unknown, path: string, lines: string[]): void {
  if (isGroup(before) && isGroup(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[name], after[name], path === '' ? worded(name) : `${path}.${worded(name)}`, lines);
    return;
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (Array.isArray(before) && Array.isArray(after) && [...before, ...after].some(isGroup)) {
    for (let index = 0; index < Math.max(before.length, after.length); index++)
      compare(before[index], after[index], `${path}[${index}]`, lines);
    return;
  }
  if (before === undefined) lines.push(`${path}: new, ${shown(after)}`);
  else if (after === undefined) lines.push(`${path}: gone, ${shown(before)}`);
  else lines.push(`${path}: ${shown(before)} → ${shown(after)}`);
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `idleTimeoutMs` as the file says it: `idle_timeout_ms`. */
function worded(name: string): string {
  let text = '';
  for (const character of name)
    text += character >= 'A' && character <= 'Z' ? `_${character.toLowerCase()}` : character;
  return text;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= maxShown ? text : `${text.slice(0, maxShown - 1)}…`;
}
