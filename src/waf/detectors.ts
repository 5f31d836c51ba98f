// The table of detectors: the family's name, the places' bit that runs it, and the characters without which it is silent.

import * as C from './classes.ts';
import { detectAddress } from './detectors/address.ts';
import { detectCode } from './detectors/code.ts';
import { phpSigns } from './detectors/code-php.ts';
import { scriptSigns } from './detectors/code-script.ts';
import type { Detection, Subject } from './detectors/detection.ts';
import { SignSet } from './detectors/detection-signs.ts';
import { detectLdap, detectXpath, xpathSigns } from './detectors/directory.ts';
import { detectEntity } from './detectors/entity.ts';
import { detectExpression, expressionSigns } from './detectors/expression.ts';
import { detectGraphql, type GraphqlLimits } from './detectors/graphql.ts';
import { detectHeader } from './detectors/header.ts';
import { detectHtml } from './detectors/html.ts';
import { detectNosql, nosqlSigns } from './detectors/nosql.ts';
import { detectObject, gadgetSigns, objectSigns } from './detectors/object.ts';
import { detectPath } from './detectors/path.ts';
import { detectNamedFile } from './detectors/path-names.ts';
import { detectPrototype } from './detectors/prototype.ts';
import { detectRedirect, type RedirectSettings } from './detectors/redirect.ts';
import { bareSigns, detectBareScript } from './detectors/script-bare.ts';
import { detectShell } from './detectors/shell.ts';
import { detectSql } from './detectors/sql.ts';
import { detectSpelledSql, doubledSigns } from './detectors/sql-evasion.ts';
import { detectTemplate, templateSigns } from './detectors/template.ts';
import { ADDRESS, CODE, GRAPHQL, HEADER, HTML, PATH, type Place, QUERY, SHELL, SQL, XML } from './places.ts';
import { isReported } from './reported.ts';

/** What a site says to its detectors, and the host that the request named. */
export interface Bearings {
  readonly graphql: GraphqlLimits;
  readonly redirects: RedirectSettings;
  readonly host: string;
}

/** One detector. */
export interface Detector {
  readonly name: string;
  readonly bit: number;
  /** Classes of characters of which the value must have one for the detector to have anything to say. */
  readonly gate: number;
  readonly detect: (subject: Subject, place: Place, bearings: Bearings) => Detection | null;
}

/** The signs that detectors share one pass for. */
export const signSet: SignSet = new SignSet(
  [templateSigns, expressionSigns, objectSigns, gadgetSigns, phpSigns, scriptSigns, nosqlSigns, xpathSigns]
    .flatMap((table) => [...table.keys()])
    .concat(bareSigns, doubledSigns),
);

/** What opens an expression or a call. */
const code = C.BRACKET | C.ANGLE | C.BACKSLASH | C.OPERATOR | C.QUOTE | C.COLON;

/** A program's path alone in JSON is what manifests of containers name; suspicion, as anywhere else it is proof. */
function inManifest(detection: Detection | null, text: string, place: Place): Detection | null {
  const isPath = place.collection === 'JSON' && text.startsWith('/') && text.endsWith('sh') && text.length < 24;
  return detection === null || !isPath || detection.score < 5
    ? detection
    : { ...detection, score: 3, severity: 'WARNING' };
}

/** Where a line was logged, which those who gather logs say of each; suspicion in a member of a member of JSON. */
function inReport(detection: Detection | null, { text, name }: Subject, place: Place): Detection | null {
  if (detection === null || place.inHead) return detection;
  const isSource = text.startsWith('/var/log/') && !text.includes('..');
  const isLogged = isSource && ['stream', 'log', 'label', 'source'].some((one) => name.includes(one));
  return isLogged || isReported(name) ? { ...detection, score: 3, severity: 'WARNING' } : detection;
}

/** Every detector of values, the most telling first. */
export const detectors: readonly Detector[] = [
  {
    name: 'sql-injection',
    bit: SQL,
    gate:
      C.SPACE |
      C.CONTROL |
      C.QUOTE |
      C.ANGLE |
      C.AMPERSAND |
      C.BRACKET |
      C.SEPARATOR |
      C.OPERATOR |
      C.BACKSLASH |
      C.COLON |
      C.PLUS,
    detect: (subject) => {
      const read = detectSql(subject.text);
      return read !== null && read.score >= 5 ? read : (detectSpelledSql(subject) ?? read);
    },
  },
  {
    name: 'cross-site-scripting',
    bit: HTML,
    gate: C.ANGLE | C.QUOTE | C.COLON | C.BRACKET | C.OPERATOR,
    detect: (subject) => {
      const markup = detectHtml(subject.text);
      return markup !== null && markup.score >= 5 ? markup : (detectBareScript(subject) ?? markup);
    },
  },
  {
    name: 'path-traversal',
    bit: PATH,
    gate: C.SLASH | C.BACKSLASH | C.NUL | C.COLON,
    detect: (subject, place) => inReport(detectPath(subject.text, place), subject, place) ?? detectNamedFile(subject),
  },
  {
    name: 'command-injection',
    bit: SHELL,
    gate:
      C.SPACE |
      C.SEPARATOR |
      C.AMPERSAND |
      C.QUOTE |
      C.BRACKET |
      C.ANGLE |
      C.CONTROL |
      C.BACKSLASH |
      C.SLASH |
      C.OPERATOR,
    detect: ({ text }, place) => inManifest(detectShell(text), text, place),
  },
  { name: 'expression-injection', bit: CODE, gate: code, detect: detectExpression },
  { name: 'template-injection', bit: CODE, gate: code | C.SEPARATOR | C.SLASH, detect: detectTemplate },
  { name: 'serialised-object', bit: CODE, gate: code | C.SPACE | C.SLASH | C.CONTROL | C.HIGH, detect: detectObject },
  { name: 'code-injection', bit: CODE, gate: code | C.SPACE | C.SLASH | C.SEPARATOR | C.PERCENT, detect: detectCode },
  { name: 'prototype-pollution', bit: CODE, gate: C.BRACKET | C.QUOTE | C.OPERATOR | C.SLASH, detect: detectPrototype },
  { name: 'nosql-injection', bit: QUERY, gate: code | C.SEPARATOR, detect: detectNosql },
  { name: 'ldap-injection', bit: QUERY, gate: C.BRACKET | C.BACKSLASH, detect: detectLdap },
  { name: 'xpath-injection', bit: QUERY, gate: C.BRACKET | C.SLASH | C.QUOTE, detect: detectXpath },
  {
    name: 'server-side-request',
    bit: ADDRESS,
    gate: C.SLASH | C.COLON | C.BACKSLASH,
    detect: (subject, place) => detectAddress(subject, place.collection === 'XML'),
  },
  {
    name: 'open-redirect',
    bit: ADDRESS,
    gate: C.SLASH | C.COLON | C.BACKSLASH | C.OPERATOR,
    detect: (subject, _place, { redirects, host }) => detectRedirect(subject, redirects, host),
  },
  { name: 'xml-entity', bit: XML, gate: C.ANGLE, detect: detectEntity },
  { name: 'header-injection', bit: HEADER, gate: C.CONTROL | C.HIGH | C.OPERATOR, detect: detectHeader },
  {
    name: 'graphql-abuse',
    bit: GRAPHQL,
    gate: C.BRACKET,
    detect: (subject, _place, { graphql }) => detectGraphql(subject, graphql),
  },
];

/** Every name a finding can have: the detectors of values, of the client's name, of uploads, and of what cannot be judged. */
export const detectorNames: readonly string[] = [
  ...detectors.map((one) => one.name),
  'scanner',
  'file-upload',
  'sensitive-path',
  'evasion',
];
