// Templates of paths (`/users/{id}`) as a tree: what is written out goes before what is left open, as OpenAPI has it.

/** What was found at a path: what was put there, and the text of each open part. */
export interface Found<T> {
  readonly value: T;
  readonly parts: ReadonlyMap<string, string>;
}

interface Open<T> {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly node: Node<T>;
}

interface Node<T> {
  readonly literal: Map<string, Node<T>>;
  readonly open: Open<T>[];
  value: T | null;
}

/** Most segments of a path that is looked for. */
const maxSegments = 64;

/** The tree. */
export class Paths<T> {
  readonly #root: Node<T> = { literal: new Map(), open: [], value: null };

  /** Puts a value at a template; false where a segment has more than one open part, which is then one open part as a whole. */
  add(template: string, value: T): boolean {
    let node = this.#root;
    let isExact = true;
    for (const segment of template.split('/').slice(1)) {
      const from = segment.indexOf('{');
      const to = segment.indexOf('}', from);
      if (from < 0 || to < 0) {
        let next = node.literal.get(segment);
        if (next === undefined) {
          next = { literal: new Map(), open: [], value: null };
          node.literal.set(segment, next);
        }
        node = next;
        continue;
      }
      const isOne = !segment.includes('{', to);
      isExact &&= isOne;
      const before = segment.slice(0, from);
      const after = isOne ? segment.slice(to + 1) : '';
      const name = segment.slice(from + 1, to);
      let open = node.open.find((one) => one.name === name && one.before === before && one.after === after);
      if (open === undefined) {
        open = { name, before, after, node: { literal: new Map(), open: [], value: null } };
        node.open.push(open);
      }
      node = open.node;
    }
    node.value = value;
    return isExact;
  }

  /** What stands at a path, decoded; null where no template fits. */
  find(path: string): Found<T> | null {
    const segments = path.split('/', maxSegments + 2).slice(1);
    if (segments.length > maxSegments) return null;
    const parts = new Map<string, string>();
    const value = walk(this.#root, segments, 0, parts);
    return value === null ? null : { value, parts };
  }
}

function walk<T>(node: Node<T>, segments: readonly string[], at: number, parts: Map<string, string>): T | null {
  if (at === segments.length) return node.value;
  const segment = segments[at]!;
  const literal = node.literal.get(segment);
  const found = literal === undefined ? null : walk(literal, segments, at + 1, parts);
  if (found !== null) return found;
  for (const { name, before, after, node: next } of node.open) {
    const isFitting =
      segment.length > before.length + after.length && segment.startsWith(before) && segment.endsWith(after);
    const deeper = isFitting ? walk(next, segments, at + 1, parts) : null;
    if (deeper === null) continue;
    parts.set(name, segment.slice(before.length, segment.length - after.length));
    return deeper;
  }
  return null;
}
