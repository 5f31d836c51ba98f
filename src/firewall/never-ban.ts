// Who is never shut out: by the settings, and as the machine shows it.

import { AddressReader } from '../base/address.ts';
import { type Cidr, parseCidr } from '../base/cidr.ts';
import { RangeSet, RangesBuilder } from '../base/ranges.ts';
import { targetText } from './bans.ts';

/** Somebody who is never shut out, and why: `an SSH session of this machine comes from there`. */
export interface NeverBan {
  readonly cidr: Cidr;
  readonly why: string;
}

/** All of them as one set, or null for nobody. */
export function neverSetOf(never: readonly NeverBan[]): RangeSet | null {
  if (never.length === 0) return null;
  const builder = new RangesBuilder();
  const reader = new AddressReader();
  for (const { cidr } of never) addCidr(builder, reader, cidr);
  return new RangeSet(builder.build());
}

/** Those whom the settings name; `build` has said what is none. */
export function configuredNever(never: readonly string[]): NeverBan[] {
  return never.flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [{ cidr: parsed.value, why: 'bans.never names it' }] : [];
  });
}

/** Whether nothing has changed. */
export function isSameNever(some: readonly NeverBan[], others: readonly NeverBan[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ cidr, why }, index) => {
      const other = others[index]!;
      return why === other.why && cidr.start === other.cidr.start && cidr.end === other.cidr.end;
    })
  );
}

function addCidr(builder: RangesBuilder, reader: AddressReader, { family, start, end, prefix }: Cidr): void {
  if (family === 4) builder.add4(Number(start), Number(end) - 1);
  else if (reader.read(targetText({ family, start, end, prefix }).split('/')[0]!) === 6)
    builder.add6(reader.word0, reader.word1, reader.word2, reader.word3, prefix);
}
