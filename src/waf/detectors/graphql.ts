// GraphQL that costs or tells too much: nesting, aliases, directives, circles of fragments, and questions about the schema.

import { type Detection, found, type Subject } from './detection.ts';

/** What a document may ask and have before it is abuse. */
export interface GraphqlLimits {
  /** Whether a client may ask for the schema. */
  readonly introspection: boolean;
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  /** Documents in one request. */
  readonly maxBatch: number;
}

const maxFields = 2000;

const beginnings: readonly string[] = ['query', 'mutation', 'subscription', 'fragment', '{'];

/** Whether a value in lower case is a GraphQL document. */
export function isGraphql(lower: string): boolean {
  let at = 0;
  while (at < lower.length && lower.charCodeAt(at) <= 32) at++;
  if (!beginnings.some((word) => lower.startsWith(word, at))) return false;
  const brace = lower.indexOf('{', at);
  if (brace < 0 || brace - at > 600) return false;
  let next = brace + 1;
  while (next < lower.length && lower.charCodeAt(next) <= 32) next++;
  const code = lower.charCodeAt(next);
  // Because JSON has a quote there, and other languages a call.
  return ((code >= 97 && code <= 122) || code === 95 || code === 46) && lower.lastIndexOf('}') > next;
}

/** Abuse in one GraphQL document. Ids 1061001–1061005. Linear; never throws. */
export function detectGraphql(subject: Subject, limits: GraphqlLimits): Detection | null {
  const { lower } = subject;
  if (!isGraphql(lower)) return null;
  const asked = lower.indexOf('__schema');
  const typed = asked < 0 ? lower.indexOf('__type(') : asked;
  if (typed >= 0 && !limits.introspection)
    return found(1061001, 5, 'the query asks GraphQL for its schema', typed, typed + 64);
  const { depth, aliases, directives, fields } = measured(lower);
  if (depth > limits.maxDepth) return found(1061002, 5, `the query nests ${depth} levels deep`, 0, 64);
  if (aliases > limits.maxAliases) return found(1061003, 5, `the query asks ${aliases} times under other names`, 0, 64);
  if (directives > limits.maxDirectives) return found(1061004, 5, `the query has ${directives} directives`, 0, 64);
  if (fields > maxFields || repeats(lower)) return found(1061004, 5, 'the query repeats its fields', 0, 64);
  if (attempts(lower) > maxAttempts) return found(1061003, 5, 'the query tries to sign in several times', 0, 64);
  const circle = circles(lower);
  return circle >= 0 ? found(1061005, 5, 'fragments of the query lead in a circle', circle, circle + 64) : null;
}

/** The finding for a request with more documents than it may have; `count` is how many were seen by then. Id 1061006. */
export function tooManyDocuments(count: number): Detection {
  return found(1061006, 5, `the request asks ${count} GraphQL queries and more at once`, 0, 64);
}

/** Depth of braces, aliases, directives and words outside strings. */
function measured(lower: string): { depth: number; aliases: number; directives: number; fields: number } {
  let depth = 0;
  let deepest = 0;
  let brackets = 0;
  let aliases = 0;
  let directives = 0;
  let fields = 0;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (code === 34) at = stringEnd(lower, at);
    else if (code === 123) deepest = Math.max(deepest, ++depth);
    else if (code === 125) depth--;
    else if (code === 40) brackets++;
    else if (code === 41) brackets--;
    else if (code === 58 && brackets === 0) aliases++;
    else if (code === 64) directives++;
    else if (code <= 32) fields++;
  }
  return { depth: deepest, aliases, directives, fields };
}

function stringEnd(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
  }
  return text.length;
}

/** Ways to sign in that are asked for under names of their own. */
const maxAttempts = 2;
const signing: readonly string[] = ['login(', 'signin(', 'authenticate(', 'verifyotp(', 'tokenauth('];

function attempts(lower: string): number {
  let count = 0;
  for (const name of signing)
    for (let at = lower.indexOf(name); at > 0 && count <= maxAttempts; at = lower.indexOf(name, at + name.length))
      if (lower.charCodeAt(at - 1) === 58 || lower.startsWith(': ', at - 2)) count++;
  return count;
}

function repeats(lower: string): boolean {
  let count = 0;
  for (let at = lower.indexOf('__typename'); at >= 0 && count < 201; at = lower.indexOf('__typename', at + 10)) count++;
  return count > 200;
}

/** Where a fragment begins that is spread inside itself or inside one that it spreads; -1. Looks at 32 fragments. */
function circles(lower: string): number {
  const spreads = new Map<string, { at: number; to: string[] }>();
  let tries = 0;
  for (let at = lower.indexOf('fragment '); at >= 0 && tries < 32; at = lower.indexOf('fragment ', at + 9), tries++) {
    const name = wordAt(lower, at + 9);
    const body = lower.slice(at, closingBrace(lower, at, at + 2048));
    const to: string[] = [];
    for (let spread = body.indexOf('...'); spread >= 0 && to.length < 16; spread = body.indexOf('...', spread + 3))
      to.push(wordAt(body, spread + 3));
    spreads.set(name, { at, to });
  }
  for (const [name, { at, to }] of spreads)
    if (to.some((other) => other === name || spreads.get(other)?.to.includes(name) === true)) return at;
  return -1;
}

/** Where the braces close that open behind `from`; `to`, or the end, where they do not before. */
function closingBrace(text: string, from: number, to: number): number {
  let depth = 0;
  const last = Math.min(text.length, to);
  for (let at = from; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === 123) depth++;
    else if (code === 125 && --depth <= 0) return at;
  }
  return last;
}

function wordAt(text: string, from: number): string {
  let start = from;
  while (text.charCodeAt(start) === 32) start++;
  let end = start;
  while (end < text.length && end < start + 64 && isName(text.charCodeAt(end))) end++;
  return text.slice(start, end);
}

function isName(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}
