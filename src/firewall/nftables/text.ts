// A table as a file that `nft -f` takes and people read: the same transaction that is sent as JSON.

import type { Chain, ChainRule, Json, NamedSet, Statement, Table } from './table.ts';

/** The whole replacement of our table as nft's text, ended by a line feed. */
export function textOf(table: Table): string {
  const { name, sets, chains } = table;
  const head = [`add table inet ${name}`, `delete table inet ${name}`, `table inet ${name} {`];
  // Because an element that goes to a chain needs it, and nft reads a block from the top, chains that are only gone to are declared first.
  const declared = chains.filter(({ hook }) => hook === null).map((chain) => `\tchain ${chain.name} {\n\t}`);
  const body = [...declared, ...sets.map(setText), ...chains.map(chainText)];
  return `${[...head, body.join('\n\n'), '}'].join('\n')}\n`;
}

function setText({ name, kind, type, flags, elements }: NamedSet): string {
  const lines = [`\t${kind} ${name} {`, `\t\ttype ${[type].flat().join(' . ')}${kind === 'map' ? ' : verdict' : ''}`];
  if (flags.length > 0) lines.push(`\t\tflags ${flags.join(',')}`);
  if (elements.length > 0) lines.push(`\t\telements = { ${elements.map(elementText).join(',\n\t\t\t     ')} }`);
  return [...lines, '\t}'].join('\n');
}

function elementText(element: Json): string {
  if (!Array.isArray(element)) return valueText(element);
  const [key, verdict] = element as [Json, Statement];
  return `${valueText(key)} : ${statementText(verdict)}`;
}

function chainText({ name, hook, rules }: Chain): string {
  const base = hook === null ? [] : [`\t\ttype filter hook ${hook.name} priority ${hook.priority}; policy accept;`];
  return [`\tchain ${name} {`, ...base, ...rules.map(ruleText), '\t}'].join('\n');
}

function ruleText({ statements, comment }: ChainRule): string {
  const words = statements.map(statementText).join(' ');
  return `\t\t${words}${comment === '' ? '' : ` comment ${quoted(comment)}`}`;
}

/** One statement in nft's text; the words are those that we render (libnftables-json(5) has more). */
export function statementText(statement: Statement): string {
  const [[word, body] = ['', null]] = Object.entries(statement);
  const parts = body as Record<string, Json>;
  switch (word) {
    case 'match':
      return `${valueText(parts.left!)} ${operatorText(parts)}${rightText(parts)}`;
    case 'counter':
      return 'counter';
    case 'goto':
    case 'jump':
      return `${word} ${parts.target}`;
    case 'vmap':
      return `${valueText(parts.key!)} vmap ${valueText(parts.data!)}`;
    case 'limit':
      return limitText(parts);
    case 'log':
      return `log prefix ${quoted(String(parts.prefix))} level ${parts.level}`;
    case 'meter':
      return `meter ${parts.name} size ${parts.size} { ${valueText(parts.key!)} ${statementText(parts.stmt as Statement)} }`;
    case 'synproxy':
      return `synproxy mss ${parts.mss} wscale ${parts.wscale} ${(parts.flags as readonly string[]).join(' ')}`;
    case 'ct count':
      return `ct count ${parts.inv === true ? 'over ' : ''}${parts.val}`;
    default:
      return word;
  }
}

function operatorText({ op, left }: Record<string, Json>): string {
  // Because behind a mask nft reads a value without an operator as part of the mask.
  return op === '!=' || '&' in (left as object) ? `${op} ` : '';
}

function rightText({ left, right }: Record<string, Json>): string {
  const isInterface = (left as { meta?: { key?: string } }).meta?.key === 'iif';
  if (isInterface) return quoted(String(right));
  return Array.isArray(right) ? right.join(',') : valueText(right!);
}

function limitText({ rate, per, burst, inv }: Record<string, Json>): string {
  return `limit rate ${inv === true ? 'over ' : ''}${rate}/${per} burst ${burst} packets`;
}

function valueText(value: Json): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return String(value);
  const [[word, body] = ['', null]] = Object.entries(value);
  const parts = body as Record<string, Json>;
  switch (word) {
    case 'payload':
      return `${parts.protocol} ${parts.field}`;
    case 'meta':
      return parts.key === 'iif' ? 'iif' : `meta ${parts.key}`;
    case 'ct':
      return `ct ${parts.dir === undefined ? '' : `${parts.dir} `}${parts.key}`;
    case 'fib':
      return `fib ${(parts.flags as readonly string[]).join(' . ')} ${parts.result}`;
    case '&':
      return (body as readonly Json[]).map(maskText).join(' & ');
    case 'concat':
      return (body as readonly Json[]).map(valueText).join(' . ');
    case 'set':
      return `{ ${(body as readonly Json[]).map(valueText).join(', ')} }`;
    case 'prefix':
      return `${parts.addr}/${parts.len}`;
    case 'range':
      return (body as readonly Json[]).join('-');
    case 'elem':
      return `${valueText(parts.val!)}${parts.timeout === undefined ? '' : ` timeout ${parts.timeout}s`}`;
    default:
      return '';
  }
}

/** A list behind `&` is a mask of flags. */
function maskText(value: Json): string {
  return Array.isArray(value) ? `(${value.join('|')})` : valueText(value);
}

function quoted(text: string): string {
  return `"${text}"`;
}
