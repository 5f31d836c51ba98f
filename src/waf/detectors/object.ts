// Serialised objects: what an application would turn back into objects of the sender's choice, in Java, PHP, .NET, Python, Ruby and Node.

import { type Detection, found, isMention, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** What this detector looks for, by its text. */
export const gadgetSigns: ReadonlyMap<string, Sign> = tableOf(
  signs(
    3,
    5,
    `
  com.sun.rowset.
  com.sun.org.apache.
  jdbcrowsetimpl
  templatesimpl
  basicdatasource
  classpathxmlapplicationcontext
  filesystemxmlapplicationcontext
  drivermanagerconnectionsource
  java.net.inet4address
  java.lang.processbuilder
  java.lang.runtime
  java.beans.eventhandler
  java.beans.xmldecoder
  javax.script.scriptenginemanager
  javax.naming.
  jdk.nashorn.internal
  org.apache.commons.collections
  org.apache.xalan.
  org.codehaus.groovy.runtime
  org.springframework.context.
  java.util.priorityqueue
  javax.management.
  com.mchange.v2.c3p0
  jndirefdatasource
  jndiconverter
  jndidatasourcefactory
  jndiobjectfactory
  jndilocatordelegate
  com.zaxxer.hikari
  net.sf.ehcache
  com.caucho.
  objectdataprovider
  system.diagnostics.process
  system.windows.data
  windowsidentity
  system.configuration.install
  invokertransformer
  expandedwrapper
  xamlreader
  ysoserial
  commonscollections
  commonsbeanutils1
`,
  ),
);

/** What this detector looks for, by its text. */
export const objectSigns: ReadonlyMap<string, Sign> = tableOf(
  signs(
    5,
    5,
    `
  _$$nd_func$$_
  "^o":"
  "^o": "
  py/object
  py/reduce
  py/function
  , presentationframework
  , presentationcore
  , system.windows.forms
  , system.management.automation
  mscorlib, version=
  !!python/object
  !!python/name
  !!python/tuple
  !!js/function
  tag:yaml.org,2002:js
  tag:yaml.org,2002:python
  clr-namespace:
  <javax.imageio
  <java.util.priorityqueue
  !!python/module
  !!javax.script
  !!com.sun.
  !!java.net.
  !!java.lang.
  !ruby/object
  !php/object
  !!org.springframework.
  !!org.apache.
  !!ch.qos.
  !!jdk.
  !!sun.
  !!java.
  !!groovy.
  __js_function
  <groovy.util.
  <org.codehaus.groovy
  <object class="java.
  <handler class="java.
  gem::specfetcher
  gem::installer
  gem::requirement
  activesupport::deprecation::
  !ruby/hash
  !ruby/struct
  <dynamic-proxy>
  <objectdataprovider
  class="java.beans.xmldecoder
  class="java.lang.processbuilder
  <jdk.nashorn
  <javax.naming
  "_type":"system.
  __viewstategenerator=&__viewstate=/w
  cos\\nsystem
`,
  ),
);

/** Pickles of the text protocol begin with the module that is loaded. */
const pickles: readonly string[] = [
  'cos\nsystem\n',
  'cposix\n',
  'cnt\nsystem\n',
  'c__builtin__\n',
  'cbuiltins\n',
  'csubprocess\n',
  'ccommands\n',
  'cos\npopen\n',
  '(dp0\n',
  '(lp0\n',
  'c__main__\n',
];

/** A serialised object in one value. Ids 1047001–1047007. Linear; never throws. */
export function detectObject(subject: Subject): Detection | null {
  return binary(subject.text) ?? php(subject.text) ?? pickle(subject.text) ?? marked(subject);
}

function marked(subject: Subject): Detection | null {
  const mark = strongest(subject, objectSigns);
  if (isTyped(subject)) return found(1047005, 5, 'the value names the class that a reader of JSON would build', 0, 96);
  if (mark !== null)
    return found(1047004, 5, `the value holds a serialised object: "${mark.sign.text}"`, mark.at, mark.at + 96);
  const gadget = strongest(subject, gadgetSigns);
  if (gadget === null || subject.text.includes('\tat ') || subject.text.includes('    at ')) return null;
  const name = subject.name.toLowerCase();
  const isType = name.endsWith('type') || name.endsWith('class');
  const score = isMention(subject.text) ? 2 : isType && gadget.score >= 3 ? 5 : gadget.score;
  return found(
    1047005,
    score,
    `the value names a class that attackers rebuild objects with: "${gadget.sign.text}"`,
    gadget.at,
    gadget.at + 96,
  );
}

/** Where classes of Java live that come with it or with a server. */
const packages: readonly string[] = [
  'java.',
  'javax.',
  'com.sun.',
  'sun.',
  'org.apache.',
  'org.springframework.',
  'ch.qos.',
  'com.mchange.',
];

/** `"@type": "java.net.URL"`: the member that tells fastjson or Jackson which class to build. */
function isTyped({ name, lower }: Subject): boolean {
  const last = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (last !== '@type' && last !== '@class') return false;
  return packages.some((one) => lower.startsWith(one));
}

/** The first place of `rO0AB`; -1 where there is none. Sought by its second letter, because texts have an r at every turn. */
function javaAt(text: string): number {
  let at = text.indexOf('O0AB');
  while (at >= 0 && (at === 0 || text.charCodeAt(at - 1) !== 0x72)) at = text.indexOf('O0AB', at + 1);
  return at < 0 ? -1 : at - 1;
}

/** The first bytes of a Java stream, of .NET's formatter and of Ruby's Marshal, as bytes, hexadecimal or Base64. */
function binary(text: string): Detection | null {
  const first = text.charCodeAt(0);
  if (text.startsWith('yv66vg')) return found(1047001, 5, 'the value is a compiled Java class', 0, 32);
  if (first === 0xac && text.charCodeAt(1) === 0xed)
    return found(1047001, 5, 'the value is a serialised Java object', 0, 32);
  if (text.startsWith('aced0005') || text.startsWith('ACED0005'))
    return found(1047001, 5, 'the value is a serialised Java object', 0, 32);
  const java = javaAt(text);
  if (java >= 0 && (java === 0 || !isBase64(text.charCodeAt(java - 1))))
    return found(1047001, 5, 'the value is a serialised Java object', java, java + 32);
  // At each of the three places in a group of Base64 where its first bytes may stand.
  const net = text.includes('////')
    ? Math.max(text.indexOf('AAEAAAD/////'), text.indexOf('ABAAAA/////wE'), text.indexOf('AQAAAP////8B'))
    : -1;
  if (net >= 0) return found(1047002, 5, "the value is an object of .NET's BinaryFormatter", net, net + 32);
  if (
    text.startsWith('BAhv') ||
    text.startsWith('BAhJOg') ||
    text.startsWith('BAhVOh') ||
    text.startsWith('BAhbCGM') ||
    text.startsWith('\x04\bo:')
  )
    return found(1047003, 5, 'the value is a marshalled Ruby object', 0, 32);
  return null;
}

function isBase64(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 43 || code === 47;
}

/** `O:8:"stdClass":` or `C:11:"ArrayObject":` at the start or behind `;`, `{`, `|` or a quote. */
function php(text: string): Detection | null {
  for (let at = text.indexOf(':"'); at >= 0; at = text.indexOf(':"', at + 2)) {
    let from = at - 1;
    while (from > at - 9 && isDigit(text.charCodeAt(from))) from--;
    if (from === at - 1) continue;
    if (text.charCodeAt(from) === 43) from--;
    const kind = text.charCodeAt(from - 1) | 32;
    if (text.charCodeAt(from) !== 58 || (kind !== 111 && kind !== 99)) continue;
    const before = from - 2 < 0 ? 59 : text.charCodeAt(from - 2);
    if (before !== 59 && before !== 123 && before !== 124 && before !== 34 && before !== 39 && before > 32) continue;
    const close = text.indexOf('"', at + 2);
    if (close < 0 || close - at > 130 || text.charCodeAt(close + 1) !== 58) continue;
    return found(1047006, 5, 'the value holds a serialised PHP object', from - 1, close + 32);
  }
  return null;
}

function pickle(text: string): Detection | null {
  for (const start of pickles)
    if (text.startsWith(start)) return found(1047007, 5, 'the value is a Python pickle that loads a function', 0, 64);
  const first = text.charCodeAt(0);
  const isBinary =
    (first === 0x80 && text.charCodeAt(1) >= 2 && text.charCodeAt(1) <= 5) ||
    text.startsWith('gASV') ||
    text.startsWith('gAWV') ||
    text.startsWith('Y3Bvc2l4') ||
    text.startsWith('Y19fYnVpbHRpbl9f') ||
    text.startsWith('gANj') ||
    text.startsWith('gAJj') ||
    text.startsWith('Y29zCn') ||
    text.startsWith('gAN9cQ');
  return isBinary ? found(1047007, 5, 'the value is a Python pickle', 0, 64) : null;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
