// Where in a request a value stands, and the request around it.

import type { Request } from '../waf-asking.ts';
import type { Chance } from './slots.ts';

/** Builds the request that carries `value`; null where the place cannot hold it. */
export type Placing = (value: string, chance: Chance) => Request | null;

type Headers = readonly (readonly [string, string])[];

const encode = encodeURIComponent;
/** Form encoding as browsers do it, by chance only what a query needs. */
const query = (value: string, chance: Chance): string =>
  chance.below(3) === 0 ? encode(value).replaceAll('%20', '+') : encode(value);

const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const json: readonly [string, string] = ['Content-Type', 'application/json'];
const xml: readonly [string, string] = ['Content-Type', 'application/xml'];

const names = [
  'id',
  'q',
  'name',
  'search',
  'page',
  'file',
  'user',
  'cat',
  'item',
  'msg',
  'email',
  'data',
  'view',
  'lang',
  'comment',
];
/** Names of parameters that hold addresses. */
export const addressNames: readonly string[] = [
  'url',
  'uri',
  'image',
  'src',
  'webhook',
  'feed',
  'target',
  'link',
  'host',
  'proxy',
  'dest',
  'file',
  'page',
  'path',
  'fetch',
  'site',
];

const ua =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
/** What browsers send with every request. */
export const browser: Headers = [
  ['Host', 'www.example.com'],
  ['User-Agent', ua],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Language', 'en-GB,en;q=0.9'],
];

function with_(target: string, headers: Headers = [], body?: string): Request {
  const all = [...browser, ...headers];
  return body === undefined ? { target, headers: all } : { target, headers: all, body };
}

/** The value as a header can carry it, or null. */
function inHeader(value: string): string | null {
  for (const one of value) if (one < ' ' || one === '\x7f') return null;
  const text = Buffer.from(value, 'utf8').toString('latin1').trim();
  return text === '' ? null : text;
}

function header(name: string, value: string): Request | null {
  const text = inHeader(value);
  return text === null
    ? null
    : { target: '/account', headers: [...browser.filter(([known]) => known !== name), [name, text]] };
}

function part(head: string, content: string, type = ''): string {
  return `------Bx7\r\nContent-Disposition: form-data; ${head}\r\n${type}\r\n${content}\r\n`;
}

/** A multipart request of ready parts. */
export function multipart(...parts: string[]): Request {
  return with_(
    '/upload',
    [['Content-Type', 'multipart/form-data; boundary=----Bx7']],
    `${parts.join('')}------Bx7--\r\n`,
  );
}

/** One part with a file. */
export function filePart(name: string, fileName: string, type: string, content: string): string {
  return part(`name="${name}"; filename="${fileName}"`, content, `Content-Type: ${type}\r\n`);
}

/** One part with a field. */
export function fieldPart(name: string, value: string): string {
  return part(`name="${name}"`, value);
}

const xmlText = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Every place by its name. */
export const placings: Readonly<Record<string, Placing>> = {
  query: (value, chance) =>
    with_(`/${chance.of(['search', 'item', 'index.php', 'view', ''])}?a=1&${chance.of(names)}=${query(value, chance)}`),
  search: (value, chance) =>
    with_(
      `/${chance.of(['search', 'find', ''])}?page=1&${chance.of(['q', 'query', 'search', 's', 'keyword', 'text', 'name', 'comment'])}=${query(value, chance)}`,
    ),
  address: (value, chance) => with_(`/fetch?${chance.of(addressNames)}=${query(value, chance)}`),
  redirect: (value, chance) =>
    with_(
      `/${chance.of(['login', 'logout', 'out', 'auth'])}?${chance.of(['next', 'returnUrl', 'redirect_uri', 'continue', 'goto', 'r'])}=${query(value, chance)}`,
    ),
  'query-name': (value, chance) => with_(`/list?page=2&${encode(value)}=${chance.below(99)}`),
  'query-bare': (value) => with_(`/?${encode(value)}`),
  path: (value, chance) =>
    with_(`/${chance.of(['users', 'files', 'p'])}/${encode(value)}${chance.of(['', '/edit', '.html'])}`),
  referer: (value, chance) => header('Referer', `https://www.example.com/x?${chance.of(names)}=${encode(value)}`),
  'referer-raw': (value) => header('Referer', value),
  'forwarded-for': (value) => header('X-Forwarded-For', value),
  'forwarded-host': (value) => header('X-Forwarded-Host', value),
  'custom-header': (value, chance) =>
    header(
      chance.of(['X-Api-Version', 'X-Note', 'X-Original-Id', 'If-Modified-Since', 'Accept-Language', 'X-Client']),
      value,
    ),
  'user-agent': (value) => header('User-Agent', value),
  cookie: (value, chance) =>
    header('Cookie', `sid=a1b2c3; ${chance.of(['lang', 'theme', 'user', 'cart'])}=${encode(value)}; _ga=GA1.2.3.4`),
  'cookie-raw': (value) => (/[;,\s"]/.test(value) ? null : header('Cookie', `sid=a1b2c3; pref=${value}`)),
  'cookie-header': (value) => header('Cookie', value),
  form: (value, chance) =>
    with_('/contact', [form], `subject=Hello&${chance.of(names)}=${query(value, chance)}&submit=Send`),
  'form-name': (value) => with_('/contact', [form], `a=b&${encode(value)}=x`),
  json: (value, chance) =>
    with_('/api/items', [json], JSON.stringify({ id: chance.below(999), [chance.of(names)]: value, ok: true })),
  'json-deep': (value) => with_('/api/items', [json], JSON.stringify({ a: [{ b: { c: ['x', value] } }], n: 1 })),
  'json-name': (value) => with_('/api/items', [json], JSON.stringify({ a: { [value]: 1 } })),
  'json-escaped': (value) =>
    with_(
      '/api/items',
      [json],
      `{"test":true,"v":"${[...value].map((one) => (one > '\uffff' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)).join('')}"}`,
    ),
  'json-in-form': (value) => with_('/save', [form], `payload=${encode(JSON.stringify({ k: value, n: 2 }))}`),
  'form-in-json': (value) => with_('/api/track', [json], JSON.stringify({ qs: `utm=1&q=${encode(value)}` })),
  graphql: (value) =>
    with_(
      '/graphql',
      [json],
      JSON.stringify({ query: 'query Q($v: String!) { items(filter: $v) { id name } }', variables: { v: value } }),
    ),
  'graphql-inline': (value) =>
    with_('/graphql', [json], JSON.stringify({ query: `{ item(name: ${JSON.stringify(value)}) { id } }` })),
  field: (value) => multipart(fieldPart('title', 'My text'), fieldPart('body', value)),
  'file-name': (value) => (/["\r\n]/.test(value) ? null : multipart(filePart('file', value, 'image/png', 'PNG'))),
  text: (value) => with_('/raw', [['Content-Type', 'text/plain']], value),
  unknown: (value) => with_('/raw', [], value),
  xml: (value) =>
    with_('/api/xml', [xml], `<?xml version="1.0"?><order><id>7</id><note>${xmlText(value)}</note></order>`),
  'xml-attribute': (value) =>
    with_('/api/xml', [xml], `<order note="${xmlText(value).replaceAll('"', '&quot;')}"><id>7</id></order>`),
  soap: (value) =>
    with_(
      '/soap',
      [['Content-Type', 'text/xml; charset=utf-8']],
      `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:Get xmlns:m="urn:x"><m:Name><![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></m:Name></m:Get></soap:Body></soap:Envelope>`,
    ),
  'xml-document': (value) => with_('/api/xml', [xml], value),
  'json-document': (value) => with_('/api/login', [json], value),
  'json-object': (value) => with_('/api/login', [json], `{"username":${value},"password":"x"}`),
  target: (value) => with_(value),
  'query-raw': (value) =>
    with_(`/profile?${value.replaceAll('&', '%26').replaceAll('#', '%23').replaceAll(' ', '%20')}`),
  'form-raw': (value) => with_('/profile', [form], `a=1&${value.replaceAll('&', '%26').replaceAll(' ', '+')}`),
};

const bodies = [
  'form',
  'json',
  'json-deep',
  'json-in-form',
  'form-in-json',
  'field',
  'xml',
  'soap',
  'text',
  'graphql',
  'json-escaped',
  'unknown',
];
const anywhere = [
  'query',
  'query',
  'query',
  'form',
  'form',
  'json',
  'json',
  'cookie',
  'path',
  'query-name',
  'query-bare',
  'referer',
  'referer-raw',
  'forwarded-for',
  'forwarded-host',
  'custom-header',
  'custom-header',
  'user-agent',
  'form-name',
  'json-name',
  'json-deep',
  'json-escaped',
  'json-in-form',
  'form-in-json',
  'field',
  'file-name',
  'text',
  'unknown',
  'xml',
  'xml-attribute',
  'soap',
  'graphql',
  'graphql-inline',
];
const files = [
  'query',
  'query',
  'address',
  'form',
  'json',
  'json-deep',
  'cookie',
  'field',
  'json-in-form',
  'custom-header',
  'xml',
];

/** The places that make sense for a class of attacks. */
export function placesOf(section: string, value: string): readonly string[] {
  const isObject = value.startsWith('{') || value.startsWith('[');
  if (section === 'probe') return ['target'];
  if (section === 'tool') return ['user-agent'];
  if (section === 'xxe') return ['xml-document', 'xml-document', 'query', 'form', 'json', 'text', 'unknown', 'field'];
  if (section === 'ssrf') return ['address', 'address', 'address', 'form', 'json', 'json-deep', 'xml'];
  if (section === 'traversal') return [...files, 'file-name', 'path'];
  if (section === 'sensitive-file' || section === 'wrapper') return files;
  if (section === 'mail') return ['form', 'query', 'json', 'field'];
  if (section === 'crlf') return ['query', 'query', 'path', 'form', 'cookie', 'query-bare', 'referer', 'json'];
  if (section === 'prototype')
    return isObject
      ? ['json-document', 'query', 'json-in-form', 'form', 'json']
      : ['query-raw', 'form-raw', 'query', 'query-name'];
  if (section === 'redos-and-bombs') return isObject ? ['json-document'] : ['query'];
  if (section === 'nosql')
    return isObject
      ? ['json-object', 'json-object', 'query', 'form', 'cookie', 'json']
      : ['query', 'form', 'json', 'cookie', 'field'];
  if (section === 'deserialise')
    return [
      'query',
      'form',
      'cookie',
      'json',
      'text',
      'unknown',
      'field',
      'custom-header',
      ...(isObject ? ['json-document', 'json-document'] : []),
    ];
  return anywhere;
}

/** Every place that takes any text. */
export const textPlaces: readonly string[] = ['query', ...bodies];
