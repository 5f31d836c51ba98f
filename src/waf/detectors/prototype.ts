// Prototype pollution: names that reach the prototype all objects of JavaScript share.

import { type Detection, found, type Subject } from './detection.ts';

/** Names of arguments and members that hold the name of another member. */
const keyed: ReadonlySet<string> = new Set(
  'key keys path paths prop property field fields attr segments pointer'.split(' '),
);

/** The last part of a name that is no number. */
function lastOf(name: string): string {
  const parts = name
    .toLowerCase()
    .split('.', 64)
    .filter((part) => !(part.charCodeAt(0) >= 48 && part.charCodeAt(0) <= 57));
  return parts.at(-1) ?? '';
}

/** Names that reach a prototype, in one name or value. Ids 1049001–1049003. Linear; never throws. */
export function detectPrototype(subject: Subject): Detection | null {
  const { lower } = subject;
  const at = lower.indexOf('__proto__');
  if (at >= 0) {
    const behind = lower.charAt(at + 9);
    const quoted =
      (behind === '"' || behind === "'") &&
      lower
        .slice(at + 10, at + 14)
        .trimStart()
        .startsWith(':');
    const isPointer = lower.charAt(at - 1) === '/' && (behind === '/' || behind === '');
    const isAsked = lower === '__proto__' && keyed.has(lastOf(subject.name));
    const isPath =
      isPointer ||
      isAsked ||
      behind === '[' ||
      behind === '.' ||
      quoted ||
      (behind === ']' && lower.charAt(at - 1) === '[');
    if (subject.isName || (isPath && subject.isBare))
      return found(1049001, 5, 'the name __proto__ reaches the prototype of all objects', at, at + 32);
    return null;
  }
  const constructed = lower.indexOf('constructor');
  if (
    constructed >= 0 &&
    (lower.startsWith('[prototype]', constructed + 11) ||
      lower.startsWith('.prototype', constructed + 11) ||
      lower.startsWith('/prototype/', constructed + 11) ||
      lower.startsWith('][prototype', constructed + 11)) &&
    (subject.isName || subject.isBare)
  )
    return found(
      1049002,
      5,
      'constructor.prototype reaches the prototype of all objects',
      constructed,
      constructed + 32,
    );
  // Because filters that take the word out once make it of these.
  if (lower.includes('__pro__proto__to__') || (constructed >= 0 && lower.includes('constconstructorructor')))
    return found(1049003, 5, 'the name becomes __proto__ when it is filtered', 0, 48);
  if (subject.isName && lower === 'prototype' && subject.name.toLowerCase().endsWith('constructor.prototype'))
    return found(1049002, 5, 'constructor.prototype reaches the prototype of all objects', 0, 9);
  if (lower.startsWith('object.prototype.') && (subject.isName || (subject.isBare && lower.includes('='))))
    return found(1049002, 5, 'the value changes Object.prototype', 0, 32);
  return null;
}
