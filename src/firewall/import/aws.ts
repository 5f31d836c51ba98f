// Security groups of AWS, as `aws ec2 describe-security-groups` prints them: everything is allowed rules, the rest is denied.

import type { PortRange } from '../rule-fields.ts';
import { allPorts } from '../rule-fields.ts';
import { type Imported, type ImportedRule, looseCidr, type Note, protocolOf } from './model.ts';

type Plain = Readonly<Record<string, unknown>>;

/** Reads the JSON of describe-security-groups. */
export function readAws(value: unknown): Imported | string {
  const groups = listIn(value, 'SecurityGroups');
  if (groups === null) return 'it has no list SecurityGroups';
  const notes: Note[] = [];
  const rules: ImportedRule[] = [];
  for (const group of groups) {
    const name = textIn(group, 'GroupId') || textIn(group, 'GroupName') || '?';
    for (const [index, permission] of (listIn(group, 'IpPermissions') ?? []).entries())
      readPermission(permission, `${name} IpPermissions[${index}]`, textIn(group, 'GroupName'), rules, notes);
    const out = listIn(group, 'IpPermissionsEgress')?.length ?? 0;
    if (out > 0)
      notes.push({
        where: `${name} IpPermissionsEgress`,
        text: `${out} permissions`,
        says: 'they are about traffic that goes out, not about who may connect',
      });
  }
  if (groups.length > 1)
    notes.push({
      where: 'the whole',
      text: `${groups.length} groups`,
      says: 'an instance with all of them allows what any of them allows; take those apart that are not on this machine',
    });
  return { format: 'aws', default: 'DENY', rules, notes };
}

function readPermission(permission: Plain, where: string, group: string, rules: ImportedRule[], notes: Note[]): void {
  const word = textIn(permission, 'IpProtocol');
  const protocol = protocolOf(word);
  const ports = portsOf(permission, word);
  for (const [key, list] of Object.entries({
    UserIdGroupPairs: 'another security group',
    PrefixListIds: 'a prefix list',
  }))
    for (const [index, entry] of (listIn(permission, key) ?? []).entries())
      notes.push({
        where: `${where}.${key}[${index}]`,
        text: JSON.stringify(entry).slice(0, 200),
        says: `it names ${list}, whose addresses are not in this file`,
      });
  for (const [key, field] of [
    ['IpRanges', 'CidrIp'],
    ['Ipv6Ranges', 'CidrIpv6'],
  ] as const)
    for (const [index, range] of (listIn(permission, key) ?? []).entries()) {
      const at = `${where}.${key}[${index}]`;
      const text = textIn(range, field);
      const cidr = looseCidr(text);
      if (protocol === null)
        notes.push({ where: at, text: `${word} ${text}`, says: `${word} has no ports and is not judged by our rules` });
      else if (cidr === null || ports === null)
        notes.push({
          where: at,
          text: JSON.stringify(range).slice(0, 200),
          says: 'its network or its ports cannot be read',
        });
      else
        rules.push({
          action: 'ALLOW',
          shape: { protocol, ports, sources: [cidr] },
          description: textIn(range, 'Description') || group,
        });
    }
}

function portsOf(permission: Plain, word: string): readonly PortRange[] | null {
  const { FromPort: first, ToPort: last } = permission;
  if (word === '-1' || (first === undefined && last === undefined) || first === -1) return allPorts;
  const isPort = (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65535;
  return isPort(first) && isPort(last) && first <= last ? [{ first, last }] : null;
}

function listIn(value: unknown, key: string): Plain[] | null {
  if (typeof value !== 'object' || value === null) return null;
  const list = (value as Plain)[key];
  return Array.isArray(list)
    ? list.filter((entry): entry is Plain => typeof entry === 'object' && entry !== null)
    : null;
}

function textIn(value: Plain, key: string): string {
  const text = value[key];
  return typeof text === 'string' ? text : '';
}
