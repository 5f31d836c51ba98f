// Rules of other firewalls, read into ours: the form is found out or given, and nothing is dropped in silence.

import { readAws } from './aws.ts';
import { readIptables } from './iptables.ts';
import type { Format, Imported } from './model.ts';
import { readNft } from './nft.ts';
import { readUfw } from './ufw.ts';

export type { Format, Imported, ImportedRule, Note } from './model.ts';
export { yamlOf } from './yaml.ts';

/** The forms, and what prints them. */
export const formats: Readonly<Record<Format, string>> = {
  'iptables-save': 'iptables-save or ip6tables-save, or both one after the other',
  nft: 'nft -j list ruleset',
  ufw: 'ufw status (verbose), or user.rules of /etc/ufw',
  aws: 'aws ec2 describe-security-groups',
};

/** Longest text that is read, in characters. */
export const maxImportLength = 64 * 1024 * 1024;

/** The form that a text has, or null. */
export function formatOf(text: string): Format | null {
  const start = text.trimStart();
  if (start.startsWith('{')) {
    if (text.includes('"nftables"')) return 'nft';
    return text.includes('"SecurityGroups"') ? 'aws' : null;
  }
  if (text.includes('### tuple ###') || start.startsWith('Status:')) return 'ufw';
  if (text.includes('*filter') || text.includes('*nat') || text.includes('*mangle')) return 'iptables-save';
  return null;
}

/** The import of a text, or in one sentence why there is none. Never throws. */
export function importRules(text: string, format: Format): Imported | string {
  if (format === 'iptables-save') return readIptables(text);
  if (format === 'ufw') return readUfw(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `it is no JSON: ${(error as Error).message.slice(0, 200)}`;
  }
  return format === 'nft' ? readNft(value) : readAws(value);
}
