// What the command says about itself: the list of commands, one command with its examples, usage lines.

import type { Command, Option } from './command.ts';

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', says: 'answer in JSON' },
  help: { type: 'boolean', short: 'h', says: 'say this' },
  'no-color': { type: 'boolean', says: 'no colours, on a terminal too' },
};

/** One row of the list of commands. */
export interface Row {
  readonly name: string;
  readonly summary: string;
}

/** The whole help: what this is and every command. */
export function overview(rows: readonly Row[], version: string): string {
  return [
    `Portcullis ${version}: the gate of a server. Firewall, TLS, WAF and proxy, and every decision explained.`,
    '',
    'usage: portcullis COMMAND [OPTIONS]',
    '       portcullis PORT                 put the gate before the app on that port',
    '       portcullis                      run the gate of the portcullis.yaml here',
    '',
    'commands:',
    ...columns(rows.map(({ name, summary }) => [name, summary])),
    '',
    'portcullis COMMAND --help shows options and examples.',
    '',
    'exit codes: 0 fine, 1 problems found, 2 wrong usage',
    '',
  ].join('\n');
}

/** One command: usage, options, examples. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions });
  return [
    `${command.summary}.`,
    '',
    usageLine(command),
    '',
    'options:',
    ...columns(options.map(([name, option]) => [optionText(name, option), option.says])),
    '',
    'examples:',
    ...command.examples.flatMap(({ says, line }) => [`  # ${says}`, `  ${line}`]),
    '',
  ].join('\n');
}

/** `usage: portcullis ports [NUMBER|NAME] [--listening]`. */
export function usageLine(command: Command): string {
  return `usage: portcullis ${[command.name, command.usage].filter((part) => part !== '').join(' ')}`;
}

function optionText(name: string, { short, type, value }: Option): string {
  const names = short === undefined ? `    --${name}` : `-${short}, --${name}`;
  return type === 'string' ? `${names} ${value ?? 'VALUE'}` : names;
}

function columns(rows: readonly (readonly [string, string])[] | readonly string[][]): string[] {
  const width = Math.max(...rows.map(([left]) => left!.length));
  return rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`.trimEnd());
}
