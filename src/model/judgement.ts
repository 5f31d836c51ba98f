// One request held against the operation that its path and method name: every parameter, and the body when it is there.

import type { Buffer } from 'node:buffer';
import { formPairs } from '../base/form-fields.ts';
import { cookieOf } from '../traffic/cookie.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { answer, type Refusal } from '../traffic/verdict.ts';
import type { Body, Operation, Parameter } from './openapi.ts';
import { isCompared } from './openapi.ts';
import { faultOf, kindOf, Meter, type Schema } from './schema.ts';
import { unicode, valueOfAll } from './texts.ts';

/** Pairs of a query or a form that are looked at; more than that are refused. */
const maxPairs = 1000;

/** Texts by name, in the order in which names came first. */
type Texts = ReadonlyMap<string, readonly string[]>;

/** What is wrong with the head, or null. `isOpen`: parameters of the query that are not declared pass. */
export function judgeParameters(
  exchange: Exchange,
  { parameters }: Operation,
  parts: ReadonlyMap<string, string>,
  isOpen: boolean,
): Refusal | null {
  const query = textsOf(exchange.query);
  if (query === null) return wrong('model/too-many', 'ARGS', `the query has more than ${maxPairs} arguments`);
  for (const parameter of parameters) {
    const fault = parameterFault(exchange, parameter, parts, query);
    if (fault !== null) return fault;
  }
  if (isOpen) return null;
  for (const name of query.keys())
    if (!parameters.some((one) => one.place === 'query' && (one.name === name || one.name === bare(name))))
      return wrong(
        'model/undeclared',
        placeOf('ARGS', name),
        'the query has an argument that the model does not declare',
      );
  return null;
}

/** `tags[]`, as PHP and Rails write lists, is the parameter `tags`. */
function bare(name: string): string {
  return name.endsWith('[]') ? name.slice(0, -2) : name;
}

function parameterFault(
  exchange: Exchange,
  { name, place, isRequired, schema, separator }: Parameter,
  parts: ReadonlyMap<string, string>,
  query: Texts,
): Refusal | null {
  const texts = textsIn(exchange, place, name, parts, query);
  const where = placeOf(
    { path: 'REQUEST_FILENAME', query: 'ARGS', header: 'REQUEST_HEADERS', cookie: 'REQUEST_COOKIES' }[place],
    name,
  );
  if (texts.length === 0) return isRequired ? wrong('model/missing', where, `${name} is missing`) : null;
  const fault = faultOf(schema, valueOfAll(schema, texts, separator), name);
  return fault === '' ? null : wrong('model/wrong-value', where, fault, shapeOf(texts));
}

function textsIn(
  exchange: Exchange,
  place: Parameter['place'],
  name: string,
  parts: ReadonlyMap<string, string>,
  query: Texts,
): readonly string[] {
  switch (place) {
    case 'query':
      return query.get(name) ?? query.get(`${name}[]`) ?? [];
    case 'path':
      return parts.has(name) ? [parts.get(name)!] : [];
    case 'header':
      return exchange.headers.all(name).map(unicode);
    case 'cookie': {
      const value = cookieOf(exchange, name);
      return value === '' ? [] : [unicode(value)];
    }
  }
}

/** The media type of a request, bare and in lower case; '' where it has none. */
export function mediaTypeOf({ headers }: Pick<Exchange, 'headers'>): string {
  const written = headers.get('content-type') ?? '';
  const semicolon = written.indexOf(';');
  return (semicolon < 0 ? written : written.slice(0, semicolon)).trim().toLowerCase();
}

/** What is wrong with the body's being there, or with its type, before its first byte; null where that is as it should be. */
export function judgeBodyHead(exchange: Exchange, { body }: Operation): Refusal | null {
  if (exchange.bodyLength === 0)
    return body?.isRequired === true ? wrong('model/missing', 'REQUEST_BODY', 'the body is missing') : null;
  if (body === null) return wrong('model/unexpected-body', 'REQUEST_BODY', 'the model knows of no body here');
  const type = mediaTypeOf(exchange);
  if (schemaFor(body, type) === undefined)
    return wrong(
      'model/wrong-type',
      'REQUEST_HEADERS:content-type',
      `${type === '' ? 'no type' : type} is not what the body may be`,
      type,
    );
  return null;
}

/** The schema that bodies of a type are held against: null for none, undefined where the type is not declared. */
export function schemaFor({ schemas }: Body, type: string): Schema | null | undefined {
  for (const name of [type, `${type.slice(0, type.indexOf('/') + 1)}*`, '*/*'])
    if (schemas.has(name)) return schemas.get(name) ?? null;
  return undefined;
}

/** What is wrong with a whole body, or null. */
export function judgeBody(schema: Schema, type: string, body: Buffer): Refusal | null {
  const value = type === 'application/x-www-form-urlencoded' ? formValue(schema, body) : jsonValue(type, body);
  if (value === undefined) return wrong('model/wrong-value', 'REQUEST_BODY', `the body is no ${type}`);
  const fault = faultOf(schema, value, 'body', new Meter());
  return fault === '' ? null : wrong('model/wrong-value', 'REQUEST_BODY', fault, kindOf(value));
}

function jsonValue(type: string, body: Buffer): unknown {
  if (!isCompared(type)) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A form as the group that its schema describes. */
function formValue(schema: Schema, body: Buffer): unknown {
  const texts = textsOf(body.toString('latin1'));
  if (texts === null) return undefined;
  const value: Record<string, unknown> = Object.create(null);
  for (const [name, all] of texts) {
    const own = propertyOf(schema, name, 0);
    value[name] = own === null ? (all.length === 1 ? all[0] : all) : valueOfAll(own, all, '');
  }
  return value;
}

function propertyOf({ properties, like }: Schema, name: string, depth: number): Schema | null {
  const own = properties?.get(name) ?? null;
  if (own !== null || depth > 16) return own;
  for (const other of like) {
    const found = propertyOf(other, name, depth + 1);
    if (found !== null) return found;
  }
  return null;
}

/** Texts of a query or a form by name; null where there are too many. */
function textsOf(form: string): Texts | null {
  const all = new Map<string, string[]>();
  if (form === '') return all;
  const pairs = formPairs(form, maxPairs + 1);
  if (pairs.length > maxPairs) return null;
  for (const [name, value] of pairs) {
    const key = unicode(name);
    const texts = all.get(key);
    if (texts === undefined) all.set(key, [unicode(value)]);
    else texts.push(unicode(value));
  }
  return all;
}

/** What a refusal shows of values: never themselves, because they are secrets as often as not. */
function shapeOf(texts: readonly string[]): string {
  return texts.length === 1 ? kindOf(texts[0]) : `${texts.length} values`;
}

function placeOf(collection: string, name: string): string {
  return `${collection}:${name.length > 128 ? `${name.slice(0, 127)}…` : name}`;
}

/** A refusal of this station. */
export function wrong(why: string, place: string, says: string, value = ''): Refusal {
  const status =
    why === 'model/unknown-path' ? 404 : why === 'model/wrong-method' ? 405 : why === 'model/wrong-type' ? 415 : 400;
  return answer(status, why, says, null, { place, value });
}
