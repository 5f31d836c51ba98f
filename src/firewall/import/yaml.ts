// An import as our configuration: a rule a line where it fits, with its description behind it, and every note as a comment.

import { type Cidr, printCidr } from '../../base/cidr.ts';
import type { PortRange } from '../rule-fields.ts';
import type { Imported, ImportedRule } from './model.ts';

/** Longest rule that is written on one line; the settings hold no longer text. */
const maxLine = 900;
const maxComment = 200;

/** The part of a configuration that an import is. */
export function yamlOf({ format, default: whenNone, rules, notes }: Imported): string {
  const lines = [
    `# Read from ${format} by \`portcullis firewall import\`: ${rules.length} rules, ${notes.length} notes.`,
    'firewall:',
    `  default: ${whenNone === 'ALLOW' ? 'allow' : 'deny'}`,
    rules.length === 0 ? '  rules: []' : '  rules:',
    ...rules.map(ruleLine),
  ];
  if (notes.length > 0) lines.push('', '# What was not taken over, and why:');
  for (const { where, text, says } of notes)
    lines.push(`# ${oneLine(where)}: ${oneLine(says)}`, ...(text === '' ? [] : [`#     ${oneLine(text)}`]));
  return `${lines.join('\n')}\n`;
}

function ruleLine({ action, shape, description }: ImportedRule): string {
  const words = [action.toLowerCase(), shape.protocol.toLowerCase()];
  const ports = portTexts(shape.ports);
  const sources = sourceTexts(shape.sources);
  if (ports.length > 0) words.push(ports.join(','));
  const line = `${words.join(' ')} from ${sources.join(',')}`;
  const comment = oneLine(description);
  if (line.length <= maxLine) return `    - ${line}${comment === '' ? '' : `  # ${comment}`}`;
  const port = ports.length === 0 ? '' : `, port: [${ports.map((text) => `"${text}"`).join(', ')}]`;
  const said = comment === '' ? '' : `, description: ${JSON.stringify(comment)}`;
  const list = sources.map((text) => `"${text}"`).join(', ');
  return `    - { action: ${words[0]}, protocol: ${words[1]}${port}, source: [${list}]${said} }`;
}

/** Nothing where every port is meant. Port 0, which nobody can listen on, is left to `all`. */
function portTexts(ports: readonly PortRange[]): string[] {
  if (ports.length === 1 && ports[0]!.first <= 1 && ports[0]!.last === 65535) return [];
  return ports
    .filter(({ last }) => last > 0)
    .map(({ first, last }) => (first === last ? `${first}` : `${Math.max(1, first)}-${last}`));
}

function sourceTexts(sources: readonly Cidr[]): string[] {
  const isWhole = (family: 4 | 6) => sources.some((cidr) => cidr.family === family && cidr.prefix === 0);
  if (isWhole(4) && isWhole(6)) return ['any'];
  return sources.map((cidr) => {
    const text = printCidr(cidr);
    return cidr.prefix === (cidr.family === 4 ? 32 : 128) ? text.slice(0, text.indexOf('/')) : text;
  });
}

/** Text of strangers as it may stand in a comment: one line, bounded, without what steers terminals or ends YAML. */
function oneLine(text: string): string {
  let out = '';
  for (const character of text.slice(0, maxComment)) {
    const code = character.codePointAt(0)!;
    const isOdd =
      code < 32 ||
      (code >= 127 && code < 160) ||
      (code >= 0x200b && code <= 0x202e) ||
      (code >= 0x2060 && code <= 0x206f) ||
      code === 0xfeff ||
      (code >= 0xd800 && code <= 0xdfff);
    out += isOdd ? ' ' : character;
  }
  return `${out.trim()}${text.length > maxComment ? '…' : ''}`;
}
