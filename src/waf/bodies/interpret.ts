// A buffered body judged as what it says it is, and, where that is unclear or not so, as everything it could be.

import { judgeArguments } from '../arguments.ts';
import { CONTROL, classify, SPACE } from '../classes.ts';
import type { Inspection } from '../inspection.ts';
import { type JsonPath, type JsonVisitor, walkJson } from '../json.ts';
import { argument, bodyText, jsonName, jsonValue } from '../places.ts';
import { judgeXml, looksLikeXml } from './xml.ts';

/** How a body is read. `any`: nobody knows, so in every way. */
export type Format = 'form' | 'json' | 'json-lines' | 'xml' | 'any';

const none: readonly string[] = Object.freeze([]);

/** Judges the text of a body. `isCut` says that it is only the beginning. */
export function judgeBody(inspection: Inspection, text: string, format: Format, isCut: boolean): void {
  if (format === 'json' || format === 'json-lines') {
    if (!judgeJson(inspection, text, format === 'json-lines', isCut)) judgeBroken(inspection, text);
  } else if (format === 'form') {
    // Because `curl -d '{…}'` and its like declare a form and send JSON.
    if (!beginsAsJson(text) || !judgeJson(inspection, text, false, isCut)) judgeArguments(inspection, argument, text);
  } else if (format === 'xml' && looksLikeXml(text)) judgeXml(inspection, text);
  else judgeAny(inspection, text, isCut);
}

/** Walks JSON; false where it is none, save what was already judged of it. */
function judgeJson(inspection: Inspection, text: string, many: boolean, isCut: boolean): boolean {
  const { maxJsonDepth } = inspection.limits;
  const outcome = walkJson(text, maxJsonDepth, new JsonBody(inspection), many);
  if (outcome === 'too-deep') {
    const says = `the JSON body is nested deeper than ${maxJsonDepth}`;
    inspection.refuse(400, 'waf/json-too-deep', 1050006, says, 'REQUEST_BODY');
    return inspection.stopped;
  }
  return outcome === 'whole' || outcome === 'stopped' || (outcome === 'cut' && (isCut || text.trim() === ''));
}

/** JSON that is none: some reader is lenient enough to see something in it, so everything is tried. */
function judgeBroken(inspection: Inspection, text: string): void {
  const says = 'the body says it is JSON and is not';
  const detection = { id: 1050002, score: 2, severity: 'NOTICE' as const, says, start: 0, end: 64 };
  inspection.found('evasion', detection, bodyText, '', text, none);
  judgeAny(inspection, text, false);
}

function judgeAny(inspection: Inspection, text: string, isCut: boolean): void {
  if (inspection.stopped) return;
  if (beginsAsJson(text) && judgeJson(inspection, text, false, isCut)) return;
  if (looksLikeXml(text)) judgeXml(inspection, text);
  if (!inspection.stopped && looksLikeForm(text)) judgeArguments(inspection, argument, text);
  if (!inspection.stopped) inspection.value(bodyText, '', text);
}

function beginsAsJson(text: string): boolean {
  let at = 0;
  while (at < text.length && text.charCodeAt(at) <= 32) at++;
  const code = text.charCodeAt(at);
  return code === 123 || code === 91;
}

/** A form has a `=`, and neither blanks nor line breaks, except where a lenient client left them. */
function looksLikeForm(text: string): boolean {
  const equals = text.indexOf('=');
  return equals > 0 && (classify(text, 0, equals) & (SPACE | CONTROL)) === 0;
}

class JsonBody implements JsonVisitor {
  readonly #inspection: Inspection;

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  name(text: string, path: JsonPath): boolean {
    if (needsLook(text)) this.#inspection.value(jsonName, path.toString(), text);
    return this.#inspection.stopped;
  }

  text(text: string, path: JsonPath): boolean {
    // Because long lists of plain words cost nothing: only strings that need a closer look count as arguments.
    if (needsLook(text) && this.#inspection.value(jsonValue, path.toString(), text)) this.#inspection.countArgument();
    return this.#inspection.stopped;
  }
}

function needsLook(text: string): boolean {
  return text.length > 7 || classify(text, 0, text.length) !== 0;
}
