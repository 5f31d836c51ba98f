// Expression injection: look-ups of Log4j, and OGNL, SpEL and EL that reach classes of Java.

import { type Detection, found, isMention, type Sign, type Subject, signs, strongest, tableOf } from './detection.ts';

/** How much of a value nested look-ups are undone in, and how deep. */
const maxLookups = 4096;
const maxDepth = 32;

/** What this detector looks for, by its text. */
export const expressionSigns: ReadonlyMap<string, Sign> = tableOf([
  ...signs(
    5,
    5,
    `
    @java.lang.
    ognl.ognlcontext
    #_memberaccess
    _memberaccess[
    _memberaccess=
    xwork.methodaccessor
    #context[
    com.opensymphony.
    class.module.classloader
    class.classloader.
    .getclass().getclassloader(
    .getclass().forname(
    .class.forname(
    (#dm=@
    t(java.lang.
    t(org.
    t(javax.
    #application[
    org.apache.tomcat.instancemanager
    @groovy.transform
    allowstaticmethodaccess
    facescontext.getexternalcontext
    pagecontext.request
    getenginebyname(
    .getdeclaredconstructors(
    .getdeclaredmethod(
    redirectaction:%{
    redirect:\${
    redirect:%{
    action:\${
    action:%{
  `,
  ),
  ...signs(
    3,
    5,
    `
    getruntime().exec(
    runtime.getruntime(
    new java.lang.
    java.lang.runtime
    java.lang.processbuilder
    new processbuilder(
    new groovyclassloader(
    new groovyshell(
    .parseclass(
    init=runscript
    jdbc:h2:mem:
    autodeserialize=true
    allowloadlocalinfile=true
    forname("java.lang.runtime
    forname('java.lang.runtime
    class.forname("java
    class.forname('java
    class.forname("com.opensymphony
    getclassloader().loadclass(
    ".execute()
    '.execute()
    ].execute()
    @grab(
    new java.io.file
    getserverinfo(
    java.util.scanner(
    scriptenginemanager
  `,
  ),
]);

/** Look-ups that tell secrets or run scripts. */
const lookups: readonly string[] = [
  'env:',
  'sys:',
  'java:',
  'script:',
  'dns:',
  'url:utf',
  'ctx:',
  'bundle:',
  'hostname',
  'main:',
  'spring:',
  'k8s:',
  'web:',
  'docker:',
  'file:',
  'const:',
  'properties:',
  'xml:',
  'url:',
  'base64decoder:',
  'urldecoder:',
  'resourcebundle:',
];

/** An expression that runs on the server, in one value. Ids 1046001–1046004. Linear; never throws. */
export function detectExpression(subject: Subject): Detection | null {
  return lookup(subject) ?? reach(subject);
}

function reach(subject: Subject): Detection | null {
  const sign = strongest(subject, expressionSigns);
  if (sign === null) return null;
  return found(
    1046003,
    isMention(subject.text) ? Math.min(sign.score, 2) : sign.score,
    `an expression reaches into the server by "${sign.sign.text}"`,
    sign.at,
    sign.at + 96,
  );
}

function lookup(subject: Subject): Detection | null {
  const { lower } = subject;
  const open = lower.indexOf('${');
  if (open < 0) return null;
  const flat = flatten(lower.slice(open, open + maxLookups));
  const at = flat.indexOf('jndi:');
  if (at >= 0 && flat.lastIndexOf('${', at) >= 0)
    return found(1046001, 5, 'a look-up makes the logger load code by JNDI', open, open + 128);
  for (const name of lookups) {
    if (!lower.startsWith(name, open + 2)) continue;
    const isAll = open <= 1 && lower.indexOf('}', open) >= lower.length - 2 && name !== 'web:';
    return found(1046002, isAll ? 5 : 2, `a look-up reads ${name.replaceAll(':', '')} of the server`, open, open + 96);
  }
  return null;
}

/** The text with its inner look-ups undone as Log4j does: `${lower:j}`, `${::-j}`, `${env:X:-j}`, `${date:'j'}` are `j`. */
function flatten(text: string): string {
  const outs: string[] = [''];
  for (let at = 0; at < text.length; at++) {
    const top = outs.length - 1;
    if (text.charCodeAt(at) === 36 && text.charCodeAt(at + 1) === 123 && outs.length <= maxDepth) {
      outs.push('');
      at++;
    } else if (text.charCodeAt(at) === 125 && top > 0) {
      const body = outs.pop()!;
      outs[top - 1] += undone(body);
    } else outs[top] += text.charAt(at);
  }
  return outs.map((one, index) => (index === 0 ? one : `\${${one}`)).join('');
}

function undone(body: string): string {
  const fallback = body.indexOf(':-');
  if (fallback >= 0) return body.slice(fallback + 2);
  if (body.startsWith('lower:') || body.startsWith('upper:')) return asciiOf(body.slice(6));
  if (body.startsWith("date:'")) return body.slice(6).replaceAll("'", '');
  return `\${${body}}`;
}

/** The dotless i of Turkish, which upper case makes an `I`. */
function asciiOf(text: string): string {
  return text.replaceAll('ı', 'i');
}
