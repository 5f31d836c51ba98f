// `portcullis firewall import`: the rules of iptables, nftables, ufw or AWS as a part of our configuration.

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nearest } from '../base/problem.ts';
import {
  type Format,
  formatOf,
  formats,
  type Imported,
  importRules,
  maxImportLength,
  yamlOf,
} from '../firewall/firewall.ts';
import { type Arguments, type ExitCode, Trouble, UsageError, type World } from './command.ts';
import { jsonText } from './json.ts';
import { visible } from './table.ts';

/** Prints the rules of a file as YAML; how many notes it has goes to stderr. */
export async function importFile(args: Arguments, world: World): Promise<ExitCode> {
  const name = args.words[1]!;
  const text = await contents(name, world);
  const format = formatFrom(args, text, name);
  const imported = importRules(text, format);
  if (typeof imported === 'string') throw new Trouble(`${visible(name)} is no ${format}: ${visible(imported)}`);
  if (args.options.json === true) world.stdout.write(jsonText(plain(imported), 2));
  else world.stdout.write(yamlOf(imported));
  const { rules, notes } = imported;
  world.stderr.write(
    `${format}: ${counted(rules.length, 'rule')}, ${counted(notes.length, 'note')} about what is none\n`,
  );
  return 0;
}

function formatFrom(args: Arguments, text: string, name: string): Format {
  const wanted = args.options.format;
  if (typeof wanted === 'string') {
    if (Object.hasOwn(formats, wanted)) return wanted as Format;
    const near = nearest(wanted, Object.keys(formats));
    throw new UsageError(
      `--format ${visible(wanted)} is none of ${Object.keys(formats).join(', ')}${near === null ? '' : `; did you mean ${near}?`}`,
    );
  }
  const found = formatOf(text);
  if (found !== null) return found;
  const known = Object.entries(formats).map(([format, says]) => `  ${format.padEnd(13)} ${says}`);
  throw new Trouble(
    `${visible(name)} is in no form that is known here; --format NAME says which it is:\n${known.join('\n')}`,
  );
}

async function contents(name: string, world: World): Promise<string> {
  const path = name === '-' ? '/dev/stdin' : resolve(world.cwd, name);
  try {
    if (name !== '-' && (await stat(path)).size > maxImportLength)
      throw new Trouble(`${visible(name)} is longer than ${maxImportLength} bytes`);
    const text = await readFile(path, 'utf8');
    if (text.length > maxImportLength)
      throw new Trouble(`${visible(name)} is longer than ${maxImportLength} characters`);
    return text;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(`${visible(name)} cannot be read: ${(error as Error).message}`);
  }
}

/** The import without what JSON cannot say. */
function plain({ format, default: whenNone, rules, notes }: Imported) {
  return {
    format,
    default: whenNone,
    rules: yamlOf({ format, default: whenNone, rules, notes: [] })
      .split('\n')
      .filter((line) => line.startsWith('    - '))
      .map((line) => line.slice(6)),
    notes,
  };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
