// docs/seclang.md from the words themselves: what each says, and what its examples show.

import { settingDirectives } from '../src/waf/compile/settings.ts';
import { language, type Words } from '../src/waf/compile/words.ts';

/** A cell of a table, with its bars and control characters written out. */
function cell(text: string): string {
  let shown = '';
  for (const one of text) {
    const code = one.charCodeAt(0);
    shown += code < 32 || code > 126 ? `\\x${code.toString(16).padStart(2, '0')}` : one === '|' ? '\\|' : one;
  }
  return shown;
}

function code(text: string): string {
  return text === '' ? '' : text.includes('`') ? `\`\` ${cell(text)} \`\`` : `\`${cell(text)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [
    `| ${head.join(' | ')} |`,
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

function rowsOf<T extends object>(words: Words<T>, row: (name: string, word: T) => readonly string[]): string[][] {
  return [...words.names]
    .sort((one, other) => one.toLowerCase().localeCompare(other.toLowerCase()))
    .map((name) => [...row(name, words.find(name)!)]);
}

/** docs/seclang.md. */
export function seclangPage(): string {
  const { operators, transformations, variables, actions } = language();
  const refusedOperators = operators.names.filter((name) => operators.find(name)!.kind === 'refused').sort();
  return `# SecLang

<!-- Written by \`node test/generated-pages.ts\` from the words in src/waf. -->

The words of the rule language that the gate speaks. Values are bytes; every example of this page runs as a test. How rules are loaded: [waf.md](waf.md).

## Variables

A collection takes a member (\`ARGS:q\`), a pattern over names (\`ARGS:/^q/\`), \`&\` for how many there are, \`!\` for what is left out. Names are compared without case.

${table(
  ['Variable', 'Members', 'From phase', 'What it is'],
  rowsOf(variables, (name, word) => [
    code(name),
    word.shape === 'many' ? 'yes' : '',
    String(word.since),
    cell(word.says),
  ]),
)}

## Operators

\`!\` before the \`@\` turns the answer around; without an operator a text is a pattern for \`@rx\`.

${table(
  ['Operator', 'Matches where', 'Example', 'Value', 'Matches'],
  rowsOf(operators, (name, word) => {
    if (word.kind === 'refused')
      return [code(`@${name}`), `stops the load: ${cell(word.says)}; ${cell(word.instead)}`, '', '', ''];
    const [argument, value, matches] = word.examples[0]!;
    return [code(`@${name}`), cell(word.says), code(argument), code(value), matches ? 'yes' : 'no'];
  }),
)}

These stop the load: ${refusedOperators.map((name) => `\`@${name}\``).join(', ')}.

## Transformations

${table(
  ['Transformation', 'What it does', 'Of', 'it makes'],
  rowsOf(transformations, (name, word) => [
    code(`t:${name}`),
    cell(word.says),
    code(word.examples.at(-1)![0]),
    code(word.examples.at(-1)![1]),
  ]),
)}

## Actions

${table(
  ['Action', 'What it does', 'Example'],
  rowsOf(actions, (name, word) => [
    code(name),
    cell(word.says),
    word.examples[0] === undefined ? '' : code(word.examples[0]),
  ]),
)}

## Directives

\`SecRule\`, \`SecAction\`, \`SecMarker\`, \`SecDefaultAction\`, \`Include\`, \`IncludeOptional\`, \`SecRuleRemoveById\`, \`SecRuleRemoveByTag\`, \`SecRuleRemoveByMsg\`, \`SecRuleUpdateTargetById\`,
\`SecRuleUpdateTargetByTag\`, \`SecRuleUpdateTargetByMsg\`, \`SecRuleUpdateActionById\`, \`SecUnicodeMapFile\`, and of settings:
${Object.values(settingDirectives)
  .map(([name]) => `\`${name}\``)
  .sort()
  .join(', ')}.
Those that concern files, processes or connections of other servers are read and mean nothing here; those that a gate cannot honour stop the load and say so.
`;
}
