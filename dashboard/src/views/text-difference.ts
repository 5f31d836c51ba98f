// Two texts side by side as lines that stay, go and come: enough to see what a change is.

/** One line; `old` and `young` are its numbers from 1, 0 where it is not there. */
export interface DiffLine {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
  readonly old: number;
  readonly young: number;
}

/** Lines of the differing middle that are compared one by one; beyond that the middle is all gone and all new. */
const maxCompared = 1500;

/** All lines of both, in order. */
export function differenceOf(before: string, after: string): DiffLine[] {
  const old = before.split('\n');
  const young = after.split('\n');
  let head = 0;
  while (head < old.length && head < young.length && old[head] === young[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < young.length - head &&
    old[old.length - 1 - tail] === young[young.length - 1 - tail]
  )
    tail++;
  const lines: DiffLine[] = [];
  for (let at = 0; at < head; at++) lines.push({ kind: 'same', text: old[at]!, old: at + 1, young: at + 1 });
  lines.push(...middle(old.slice(head, old.length - tail), young.slice(head, young.length - tail), head));
  for (let back = tail; back > 0; back--)
    lines.push({
      kind: 'same',
      text: old[old.length - back]!,
      old: old.length - back + 1,
      young: young.length - back + 1,
    });
  return lines;
}

function middle(old: readonly string[], young: readonly string[], offset: number): DiffLine[] {
  const gone = (at: number): DiffLine => ({ kind: 'gone', text: old[at]!, old: offset + at + 1, young: 0 });
  const come = (at: number): DiffLine => ({ kind: 'new', text: young[at]!, old: 0, young: offset + at + 1 });
  if (old.length > maxCompared || young.length > maxCompared)
    return [...old.map((_, at) => gone(at)), ...young.map((_, at) => come(at))];
  // Length of the longest common sequence of what stands behind (i, j).
  const width = young.length + 1;
  const table = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = young.length - 1; j >= 0; j--)
      table[i * width + j] =
        old[i] === young[j]
          ? table[(i + 1) * width + j + 1]! + 1
          : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      lines.push({ kind: 'same', text: old[i]!, old: offset + i + 1, young: offset + j + 1 });
      i++;
      j++;
    } else if (j >= young.length || (i < old.length && table[(i + 1) * width + j]! >= table[i * width + j + 1]!))
      lines.push(gone(i++));
    else lines.push(come(j++));
  }
  return lines;
}
