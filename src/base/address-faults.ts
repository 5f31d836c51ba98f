// Why a text is no address, said so that its writer can mend it. Only reached after the fast reader has refused.

/** What is wrong inside one text: `offset` and `length` (characters) point at it, `instead` says what to write. */
export interface Fault {
  readonly says: string;
  readonly instead: string;
  readonly offset: number;
  readonly length: number;
}

/** Something read from a text, or the first fault the text has. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** A failed reading. `offset` and `length` are characters of the text that was read. */
export function fault(
  says: string,
  instead: string,
  offset: number,
  length: number,
): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: { says, instead, offset, length: Math.max(1, length) } };
}

/** Longest piece of a text that a message repeats. */
const maxQuoted = 40;

/** A piece of what somebody wrote, in quotes and bounded, for messages. */
export function quoted(text: string): string {
  return text.length <= maxQuoted ? `"${text}"` : `"${text.slice(0, maxQuoted)}…"`;
}

const example = 'write an address such as 192.0.2.7 or 2001:db8::7';

/** The fault of `text`, which the strict reader refused as an address. */
export function addressFault(text: string): Fault {
  return describe(text).fault;
}

function describe(text: string) {
  if (text === '') return fault('an address is missing', example, 0, 1);
  const percent = text.indexOf('%');
  if (percent >= 0)
    return fault(
      `${quoted(text)} has a zone id, which names an interface of one machine only`,
      `leave out ${quoted(text.slice(percent))}`,
      percent,
      text.length - percent,
    );
  if (text.startsWith('['))
    return fault(`${quoted(text)} has brackets, which belong to an address with a port`, example, 0, text.length);
  const colon = text.indexOf(':');
  if (colon < 0) return describe4(text);
  const isPort = text.indexOf(':', colon + 1) < 0 && text.includes('.') && isDigits(text.slice(colon + 1));
  if (isPort)
    return fault(
      `${quoted(text)} has a port where an address alone is expected`,
      `write ${text.slice(0, colon)}`,
      colon,
      text.length - colon,
    );
  return describe6(text);
}

function describe4(text: string) {
  const parts = text.split('.');
  let offset = 0;
  for (const part of parts) {
    const found = describePart(text, part, offset);
    if (found !== null) return found;
    offset += part.length + 1;
  }
  return fault(
    `${quoted(text)} has ${parts.length} of the four numbers of an IPv4 address`,
    `write all four, such as ${[...parts, '0', '0', '0'].slice(0, 4).join('.')}`,
    0,
    text.length,
  );
}

function describePart(text: string, part: string, offset: number) {
  if (part === '*')
    return fault(`${quoted(text)} has a wildcard`, 'write the network with its length, such as 10.0.0.0/8', offset, 1);
  if (part === '') return fault(`${quoted(text)} has an empty number`, example, offset, 1);
  if (part[0] === '0' && (part[1] === 'x' || part[1] === 'X'))
    return fault(`${quoted(part)} is hexadecimal`, 'write the four numbers in decimal', offset, part.length);
  if (!isDigits(part))
    return fault(
      `${quoted(text)} is no address; names are not looked up, because a decision must not wait for DNS`,
      example,
      0,
      text.length,
    );
  if (part.length > 1 && part[0] === '0')
    return fault(
      `${quoted(part)} has a leading zero, which some programs read as octal`,
      `write ${Number.parseInt(part, 10)}`,
      offset,
      part.length,
    );
  if (part.length > 3 || Number(part) > 255)
    return fault(`${quoted(part)} is more than 255`, 'write a number from 0 to 255', offset, part.length);
  return null;
}

function describe6(text: string) {
  const gap = text.indexOf('::');
  const second = gap < 0 ? -1 : text.indexOf('::', gap + 1);
  if (second >= 0)
    return fault(`${quoted(text)} has "::" twice, so its length is unknown`, 'write "::" once', second, 2);
  let offset = 0;
  let groups = 0;
  for (const group of text.split(':')) {
    if (group.includes('.')) groups += 2;
    else if (group !== '') groups++;
    for (const letter of group.includes('.') ? '' : group)
      if (!'0123456789abcdefABCDEF'.includes(letter))
        return fault(`${quoted(group)} is not hexadecimal`, example, offset, group.length);
    if (group.length > 4 && !group.includes('.'))
      return fault(`${quoted(group)} has more than four digits`, example, offset, group.length);
    offset += group.length + 1;
  }
  const expected = gap < 0 ? 'eight groups' : 'at most seven groups beside its "::"';
  return fault(`${quoted(text)} is no IPv6 address: it needs ${expected} (here: ${groups})`, example, 0, text.length);
}

/** Whether `text` is nothing but decimal digits, and at least one. */
export function isDigits(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 48 || code > 57) return false;
  }
  return text.length > 0;
}
