// What was learnt of a site: its paths as a tree whose open parts are found by themselves, and at each path the shapes of what methods got.

import { type Budget, emptyShape, mergeShape, note, type Shape } from './shape.ts';

/** What one method of one path got. */
export interface LearntMethod {
  seen: number;
  readonly query: Shape;
  /** Bodies by media type. */
  readonly bodies: Map<string, Shape>;
  /** Requests without a body. */
  bare: number;
}

/** One segment of paths. */
export interface LearntPath {
  readonly children: Map<string, LearntPath>;
  /** Whether there were too many children to be names of pages. */
  isCrowded: boolean;
  /** What stands for any segment, and the shape of those. */
  open: LearntPath | null;
  readonly segment: Shape;
  readonly methods: Map<string, LearntMethod>;
}

/** All that was learnt of one site. */
export interface Learnt {
  requests: number;
  /** Requests for which there was no room. */
  lost: number;
  /** Times of the first and the last request, in ms since 1970. */
  from: number;
  to: number;
  readonly root: LearntPath;
}

/** Shapes and path segments of one site. */
export const maxShapes = 20_000;
/** Different segments in one place before they are one that is open. */
const maxChildren = 40;
const maxSegments = 16;
const maxBodies = 4;

/** Nothing yet. */
export function emptyLearnt(): Learnt {
  return { requests: 0, lost: 0, from: Number.MAX_SAFE_INTEGER, to: 0, root: emptyPath() };
}

/** Methods of paths that are known of a site. */
export function routesIn({ root }: Learnt): number {
  const below = (path: LearntPath): number => {
    const parts = [...path.children.values(), ...(path.open === null ? [] : [path.open])];
    return parts.reduce((sum, part) => sum + below(part), path.methods.size);
  };
  return below(root);
}

function emptyPath(): LearntPath {
  return { children: new Map(), isCrowded: false, open: null, segment: emptyShape(), methods: new Map() };
}

/** The record of a method at a path; null where there is no room for it. */
export function methodAt(learnt: Learnt, path: string, method: string, budget: Budget): LearntMethod | null {
  const segments = path.split('/', maxSegments + 2).slice(1);
  if (segments.length > maxSegments) return null;
  let node = learnt.root;
  for (const segment of segments) {
    const next = stepTo(node, segment, budget);
    if (next === null) return null;
    node = next;
  }
  return methodOf(node, method, budget);
}

function methodOf(node: LearntPath, method: string, budget: Budget): LearntMethod | null {
  const known = node.methods.get(method);
  if (known !== undefined) return known;
  if (budget.left <= 0 || node.methods.size >= 10) return null;
  budget.left--;
  const made: LearntMethod = { seen: 0, query: emptyShape(), bodies: new Map(), bare: 0 };
  node.methods.set(method, made);
  return made;
}

function stepTo(node: LearntPath, segment: string, budget: Budget): LearntPath | null {
  const known = node.children.get(segment);
  if (known !== undefined) return known;
  node.isCrowded ||= node.children.size >= maxChildren;
  if (isNumbering(segment) || node.isCrowded) {
    if (node.open === null) {
      if (budget.left-- <= 0) return null;
      node.open = emptyPath();
    }
    if (node.isCrowded) openAll(node, node.open, budget);
    note(node.open.segment, segment, budget);
    return node.open;
  }
  // Where names and numbers stand beside each other, names stay names: `/users/me` beside `/users/7`.
  if (budget.left-- <= 0) return null;
  const made = emptyPath();
  node.children.set(segment, made);
  return made;
}

/** So many names in one place are no names of pages, but of things. */
function openAll(node: LearntPath, open: LearntPath, budget: Budget): void {
  for (const [name, child] of node.children) {
    note(open.segment, name, budget);
    mergePath(open, child, budget);
  }
  node.children.clear();
}

/** Whether a segment is the number of something: digits, a UUID, long hexadecimal digits, or long with digits in it. */
function isNumbering(segment: string): boolean {
  let digits = 0;
  let hexadecimal = 0;
  for (const character of segment) {
    const isDigit = character >= '0' && character <= '9';
    if (isDigit) digits++;
    if (
      isDigit ||
      (character >= 'a' && character <= 'f') ||
      (character >= 'A' && character <= 'F') ||
      character === '-'
    )
      hexadecimal++;
  }
  if (segment === '' || digits === 0) return false;
  return digits === segment.length || (hexadecimal === segment.length && segment.length >= 8) || segment.length >= 24;
}

/** The shape of bodies of a type; null where there are too many types. */
export function bodyOf(method: LearntMethod, type: string, budget: Budget): Shape | null {
  const known = method.bodies.get(type);
  if (known !== undefined) return known;
  if (method.bodies.size >= maxBodies || budget.left-- <= 0) return null;
  const made = emptyShape();
  method.bodies.set(type, made);
  return made;
}

/** Adds what was learnt elsewhere of the same site. */
export function mergeLearnt(into: Learnt, from: Learnt, budget: Budget): void {
  into.requests += from.requests;
  into.lost += from.lost;
  into.from = Math.min(into.from, from.from);
  into.to = Math.max(into.to, from.to);
  mergePath(into.root, from.root, budget);
}

function mergePath(into: LearntPath, from: LearntPath, budget: Budget): void {
  mergeShape(into.segment, from.segment, budget);
  into.isCrowded ||= from.isCrowded;
  for (const [method, learnt] of from.methods) {
    const own = methodOf(into, method, budget);
    if (own === null) continue;
    own.seen += learnt.seen;
    own.bare += learnt.bare;
    mergeShape(own.query, learnt.query, budget);
    for (const [type, shape] of learnt.bodies) {
      const body = bodyOf(own, type, budget);
      if (body !== null) mergeShape(body, shape, budget);
    }
  }
  if (from.open !== null) {
    if (into.open === null && budget.left-- > 0) into.open = emptyPath();
    if (into.open !== null) mergePath(into.open, from.open, budget);
  }
  if (into.isCrowded && into.open !== null) openAll(into, into.open, budget);
  for (const [segment, child] of from.children) {
    const own = stepTo(into, segment, budget);
    if (own !== null) mergePath(own, child, budget);
  }
}
