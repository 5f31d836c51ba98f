// The head of a request judged: path, query, headers and cookies, each by what it may hold.

import type { Exchange } from '../traffic/exchange.ts';
import type { Headers } from '../traffic/headers.ts';
import { judgeArguments } from './arguments.ts';
import { classify, SLASH } from './classes.ts';
import { CleanValues } from './clean.ts';
import { mayBeBase64 } from './decodings/base64.ts';
import { percentDecode } from './decodings/percent.ts';
import { detectAgent } from './detectors/agent.ts';
import { detectProbe } from './detectors/probe.ts';
import { isOrdinaryAgent, isOrdinaryList } from './header-syntax.ts';
import type { Inspection } from './inspection.ts';
import * as places from './places.ts';

const none: readonly string[] = Object.freeze([]);
const urlDecoded: readonly string[] = Object.freeze(['urlDecode']);

/** Header values known to be clean, by what they hold, because what is clean as a list may be none as a cookie. */
export class CleanHeaders {
  readonly agent = new CleanValues(2048, 512);
  readonly url = new CleanValues(2048, 512);
  readonly cookie = new CleanValues(2048, 2048);
  readonly credentials = new CleanValues(512, 2048);
  readonly list = new CleanValues(512, 512);
  readonly text = new CleanValues(2048, 512);
}

/** Judges the head of an exchange; the verdict and the findings are in `inspection`. */
export function judgeHead(inspection: Inspection, exchange: Exchange, clean: CleanHeaders): void {
  judgePath(inspection, exchange.path);
  if (!inspection.stopped && exchange.query !== '') judgeArguments(inspection, places.queryArgument, exchange.query);
  judgeFields(inspection, exchange.headers, clean);
}

/** Judges header or trailer fields, each by what it holds. */
export function judgeFields(inspection: Inspection, fields: Headers, clean: CleanHeaders): void {
  const { names, values } = fields;
  for (let index = 0; index < names.length && !inspection.stopped; index++)
    judgeHeader(inspection, names[index]!, values[index]!, clean);
}

function judgePath(inspection: Inspection, path: string): void {
  const mask = classify(path, 0, path.length);
  judgeEncoded(inspection, places.wholePath, path);
  if (inspection.stopped) return;
  const probe = detectProbe(path);
  if (probe !== null) inspection.found('sensitive-path', probe, places.wholePath, '', path, none);
  // Because a path of plain names needs no second look, and no other can carry a statement or a command.
  if ((mask & ~SLASH) === 0) {
    judgeCoded(inspection, path);
    return;
  }
  for (const segment of path.split('/')) {
    if (inspection.stopped) return;
    judgeEncoded(inspection, places.pathSegment, segment);
    // Because an ending that makes a page of it is no part of what the application undoes.
    const dot = segment.lastIndexOf('.');
    if (dot > 0 && mayBeBase64(segment, 0, dot) && !inspection.stopped)
      inspection.value(places.pathSegment, '', segment.slice(0, dot));
    if (segment.includes(';')) judgeMatrix(inspection, segment);
  }
}

/** Segments of a plain path that may be Base64. */
function judgeCoded(inspection: Inspection, path: string): void {
  for (let start = 1; start < path.length && !inspection.stopped; ) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (mayBeBase64(path, start, end)) inspection.value(places.pathSegment, '', path.slice(start, end));
    start = end + 1;
  }
}

function judgeEncoded(inspection: Inspection, place: places.Place, raw: string): void {
  const text = raw.includes('%') ? percentDecode(raw, false) : raw;
  inspection.value(place, '', text, text === raw ? none : urlDecoded);
}

/** Matrix parameters: `list;page=2;sort=name`. */
function judgeMatrix(inspection: Inspection, segment: string): void {
  for (const part of segment.split(';')) {
    const equals = part.indexOf('=');
    if (equals >= 0) judgeEncoded(inspection, places.pathSegment, part.slice(equals + 1));
    if (inspection.stopped) return;
  }
}

function judgeHeader(inspection: Inspection, name: string, value: string, clean: CleanHeaders): void {
  const kind = places.headerKinds.get(name);
  if (kind === 'skip' || value === '') return;
  if (kind === undefined) inspection.value(places.headerName, name, name);
  if (kind === 'list' && isOrdinaryList(value) && !mayBeBase64(value, 0, value.length)) return;
  const known = clean[kind ?? 'text'];
  if (known.has(value)) return;
  const before = inspection.detections;
  if (kind === 'agent') judgeAgent(inspection, name, value);
  else if (kind === 'cookie') judgeCookies(inspection, value);
  else if (kind === 'url') judgeUrl(inspection, name, value);
  else if (kind === 'credentials') judgeCredentials(inspection, name, value);
  else inspection.value(places.header, name, value);
  if (inspection.detections === before) known.add(value);
}

function judgeAgent(inspection: Inspection, name: string, value: string): void {
  const tool = detectAgent(value);
  if (tool !== null) inspection.found('scanner', tool, places.agentText, name, value, none);
  if (inspection.stopped) return;
  // Because no client names itself in Base64: what it says is a value like any other.
  const isText = isOrdinaryAgent(value) && !mayBeBase64(value, 0, value.length);
  inspection.value(isText ? places.agentText : places.header, name, value);
}

/** Cookies as RFC 6265 5.4 sends them; values are undone as frameworks do: quotes off, form-decoded. */
function judgeCookies(inspection: Inspection, header: string): void {
  for (let start = 0; start < header.length && !inspection.stopped; ) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon < 0 ? header.length : semicolon;
    judgeCookie(inspection, header.slice(start, end).trim());
    start = end + 1;
  }
}

function judgeCookie(inspection: Inspection, pair: string): void {
  const equals = pair.indexOf('=');
  const name = equals < 0 ? pair : pair.slice(0, equals);
  inspection.value(places.cookieName, name, name);
  if (equals < 0 || inspection.stopped) return;
  let raw = pair.slice(equals + 1);
  if (raw.length > 1 && raw.startsWith('"') && raw.endsWith('"')) raw = raw.slice(1, -1);
  const text = percentDecode(raw, true);
  inspection.value(places.cookie, name, text, text === raw ? none : urlDecoded);
}

/** A Referer: its path and its query are judged as such, because `&` and `;` are ordinary in it. */
function judgeUrl(inspection: Inspection, name: string, value: string): void {
  const authority = value.indexOf('://');
  const isUrl = value.startsWith('http') && (authority === 4 || authority === 5);
  if (!isUrl) {
    inspection.value(places.header, name, value);
    return;
  }
  const query = value.indexOf('?');
  const fragment = value.indexOf('#', Math.max(0, query));
  const end = fragment < 0 ? value.length : fragment;
  const path = value.slice(authority + 3, query < 0 ? end : Math.min(query, end));
  const text = percentDecode(path, false);
  inspection.value(places.referredPath, name, text, text === path ? none : urlDecoded);
  if (query >= 0 && query < end && !inspection.stopped)
    judgeArguments(inspection, places.header, value.slice(query + 1, end), { name, decoded: none });
  if (fragment >= 0 && !inspection.stopped) inspection.value(places.header, name, value.slice(fragment + 1));
}

/** Basic credentials are opened; a token is judged as a value, which costs little where it is random. */
function judgeCredentials(inspection: Inspection, name: string, value: string): void {
  const space = value.indexOf(' ');
  const scheme = value.slice(0, Math.max(0, space)).toLowerCase();
  const rest = value.slice(space + 1).trim();
  if (scheme !== 'basic') {
    if (scheme === 'bearer' || !isOrdinaryList(rest)) inspection.value(places.header, name, rest);
    return;
  }
  const pair = Buffer.from(rest, 'base64').toString('latin1');
  const colon = pair.indexOf(':');
  inspection.value(places.header, name, colon < 0 ? pair : pair.slice(0, colon), ['base64Decode']);
  if (colon >= 0 && !inspection.stopped)
    inspection.value(places.password, name, pair.slice(colon + 1), ['base64Decode']);
}
