// From what was learnt to an OpenAPI document that describes it: room to grow in every length, and nothing that was not seen.

import type { Learnt, LearntMethod, LearntPath } from './learnt.ts';
import {
  GROUP,
  INTEGER,
  LIST,
  NO_INTEGER,
  NO_NUMBER,
  NO_TRUTH,
  NOTHING,
  NUMBER,
  type Shape,
  TEXT,
  TRUTH,
} from './shape.ts';

type Part = Record<string, unknown>;

/** The document. Paths that were asked for fewer than `atLeast` times are left out, and counted in `skipped`. */
export function proposalOf(
  learnt: Learnt,
  site: string,
  atLeast: number,
): { document: Part; paths: number; skipped: number } {
  const paths: Part = {};
  let skipped = 0;
  const walk = (node: LearntPath, template: string, parts: readonly Part[]): void => {
    const own = [...node.methods].filter(([, { seen }]) => seen >= atLeast);
    skipped += node.methods.size - own.length;
    if (own.length > 0) paths[template] = pathOf(own, parts);
    for (const [name, child] of [...node.children].sort(([one], [other]) => (one < other ? -1 : 1)))
      walk(child, `${template === '/' ? '' : template}/${name}`, parts);
    if (node.open === null) return;
    const name = `part${parts.length + 1}`;
    const part = { name, in: 'path', required: true, schema: schemaOf(node.open.segment, true) };
    walk(node.open, `${template === '/' ? '' : template}/{${name}}`, [...parts, part]);
  };
  // The root itself stands for what is before the first slash.
  for (const [name, child] of [...learnt.root.children].sort(([one], [other]) => (one < other ? -1 : 1)))
    walk(child, `/${name}`, []);
  if (learnt.root.open !== null) {
    const part = { name: 'part1', in: 'path', required: true, schema: schemaOf(learnt.root.open.segment, true) };
    walk(learnt.root.open, '/{part1}', [part]);
  }
  const document = {
    openapi: '3.1.0',
    info: { title: `What was learnt of ${site}`, version: new Date(learnt.to).toISOString().slice(0, 10) },
    paths,
  };
  return { document, paths: Object.keys(paths).length, skipped };
}

function pathOf(methods: readonly (readonly [string, LearntMethod])[], parts: readonly Part[]): Part {
  const path: Part = parts.length === 0 ? {} : { parameters: parts };
  for (const [method, learnt] of methods) path[method.toLowerCase()] = operationOf(learnt);
  return path;
}

function operationOf({ seen, query, bodies, bare }: LearntMethod): Part {
  const parameters = [...(query.properties ?? [])].map(([name, shape]) => ({
    name,
    in: 'query',
    ...(shape.seen === seen ? { required: true } : {}),
    schema: schemaOf(shape, true),
  }));
  const operation: Part = { 'x-seen': seen };
  if (parameters.length > 0) operation.parameters = parameters;
  if (bodies.size > 0) {
    const content: Part = {};
    for (const [type, shape] of bodies)
      content[type === '' ? '*/*' : type] =
        shape.seen === 0 ? {} : { schema: schemaOf(shape, type === 'application/x-www-form-urlencoded') };
    operation.requestBody = { ...(bare === 0 ? { required: true } : {}), content };
  }
  return operation;
}

/** The schema of a shape. `isText`: its values are texts of a query, a path or a form, which stand for numbers, too. */
export function schemaOf(shape: Shape, isText: boolean): Part {
  const { kinds } = shape;
  const kindsSeen: Part[] = [];
  if ((kinds & TEXT) !== 0) kindsSeen.push(isText ? textSchema(shape) : plainText(shape));
  if ((kinds & NUMBER) !== 0) kindsSeen.push(numberSchema('number', shape));
  else if ((kinds & INTEGER) !== 0) kindsSeen.push(numberSchema('integer', shape));
  if ((kinds & TRUTH) !== 0) kindsSeen.push({ type: 'boolean' });
  if ((kinds & NOTHING) !== 0) kindsSeen.push({ type: 'null' });
  if ((kinds & LIST) !== 0) kindsSeen.push(listSchema(shape, isText));
  if ((kinds & GROUP) !== 0) kindsSeen.push(groupSchema(shape, isText));
  if (kindsSeen.length === 1) return kindsSeen[0]!;
  return kindsSeen.length === 0 ? {} : { anyOf: kindsSeen };
}

function textSchema(shape: Shape): Part {
  const { kinds, characters } = shape;
  const isNegative = (characters[1] & (1 << 13)) !== 0;
  const floor = isNegative ? {} : { minimum: 0 };
  if ((kinds & NO_INTEGER) === 0) return { type: 'integer', ...floor };
  if ((kinds & NO_NUMBER) === 0) return { type: 'number', ...floor };
  if ((kinds & NO_TRUTH) === 0) return { type: 'boolean' };
  return plainText(shape);
}

function plainText({ least, most, characters, isWide }: Shape): Part {
  const length = { ...(least > 0 ? { minLength: 1 } : {}), maxLength: roomy(most) };
  return isWide ? { type: 'string', ...length } : { type: 'string', ...length, pattern: `^[${classOf(characters)}]*$` };
}

function numberSchema(type: string, { low }: Shape): Part {
  return low >= 0 ? { type, minimum: 0 } : { type };
}

function listSchema({ entries, items }: Shape, isText: boolean): Part {
  return { type: 'array', maxItems: roomy(entries), ...(items === null ? {} : { items: schemaOf(items, isText) }) };
}

function groupSchema({ properties, groups, isOpen }: Shape, isText: boolean): Part {
  const all = [...(properties ?? [])];
  const required = all.filter(([, { seen }]) => seen >= groups).map(([name]) => name);
  return {
    type: 'object',
    ...(required.length > 0 && !isOpen ? { required } : {}),
    properties: Object.fromEntries(all.map(([name, shape]) => [name, schemaOf(shape, isText)])),
    additionalProperties: isOpen,
  };
}

/** The next power of two behind half as much again: values grow. */
function roomy(most: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, most * 1.5)));
}

/** The characters as a class of a pattern: letters and digits whole where one of them was seen, others each. */
function classOf(characters: Shape['characters']): string {
  const has = (code: number) => (characters[code >> 5]! & (1 << (code & 31))) !== 0;
  let text = '';
  const ranges = [
    ['0', '9'],
    ['A', 'Z'],
    ['a', 'z'],
  ] as const;
  const isWithin = (code: number) =>
    ranges.some(([from, to]) => code >= from.charCodeAt(0) && code <= to.charCodeAt(0));
  for (const [from, to] of ranges)
    for (let code = from.charCodeAt(0); code <= to.charCodeAt(0); code++)
      if (has(code)) {
        text += `${from}-${to}`;
        break;
      }
  for (let code = 0; code < 128; code++) {
    if (!has(code) || isWithin(code)) continue;
    text += code > 32 && code < 127 ? `\\${String.fromCharCode(code)}` : `\\x${code.toString(16).padStart(2, '0')}`;
  }
  // Nothing was seen but empty texts.
  return text === '' ? '0-9A-Za-z' : text;
}
