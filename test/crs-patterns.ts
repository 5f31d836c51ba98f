// The patterns and phrase lists of the OWASP Core Rule Set, read from its files: what the house of patterns is measured with.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readDirectives, SourceFile } from '../src/waf/language/source.ts';
import { compilePattern, compilePhrases, isProblem, type Pattern, type PhraseSet } from '../src/waf/regex/regex.ts';

/** Where rules may stand: beside this repository, or where Debian's package modsecurity-crs has them. */
const places = [join(import.meta.dirname, '../../shared/crs-4.28.0/rules'), '/usr/share/modsecurity-crs/rules'];

/** The rules' folder that is there. */
export function crsRules(): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`no Core Rule Set in ${places.join(' or ')}`);
  return found;
}

/** Every pattern and phrase list of the rules in `folder`, in their order, and patterns that do not load with why. */
export function crsMembers(folder: string): { members: (Pattern | PhraseSet)[]; problems: string[] } {
  const members: (Pattern | PhraseSet)[] = [];
  const problems: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.conf')) continue;
    const file = new SourceFile(join(folder, name), readFileSync(join(folder, name), 'latin1'));
    for (const { name: directive, words } of readDirectives(file, [])) {
      if (directive.text.toLowerCase() !== 'secrule') continue;
      const found = /^!?@(rx|pm|pmFromFile) (.*)$/s.exec(words[1]?.text ?? '');
      if (found === null) continue;
      const [, operator, argument] = found as unknown as [string, string, string];
      if (operator !== 'rx') members.push(compilePhrases(phrasesOf(operator, argument, dirname(file.name))));
      else {
        const pattern = compilePattern(argument);
        if (isProblem(pattern))
          problems.push(`${pattern.says}: ${argument.slice(pattern.offset, pattern.offset + 20)}`);
        else members.push(pattern);
      }
    }
  }
  return { members, problems };
}

function phrasesOf(operator: string, argument: string, folder: string): string[] {
  if (operator === 'pm') return argument.split(' ');
  return argument.split(' ').flatMap((name) =>
    readFileSync(join(folder, name), 'latin1')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
}
