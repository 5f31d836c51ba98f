// Text of this machine that people wrote for other people: package documentation, READMEs and sources, cut into paragraphs.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Chance } from './slots.ts';

/** A file that text was taken from. */
export interface Mined {
  readonly path: string;
  readonly kind: 'documentation' | 'prose' | 'source';
}

const maxFileBytes = 400_000;
const maxFiles = 4000;
const perFile = 12;
const longest = 1500;
const root = join(import.meta.dirname, '../..');

/** Where text is looked for, and what it is. */
const places: readonly (readonly [string, Mined['kind']])[] = [
  [join(root, 'docs'), 'prose'],
  [join(root, 'node_modules'), 'source'],
  ['/usr/share/doc', 'documentation'],
  ['/usr/share/perl', 'source'],
  ['/usr/lib/python3', 'source'],
  ['/usr/share/man', 'documentation'],
];

function filesUnder(folder: string, found: string[], depth: number): void {
  if (depth > 8 || found.length >= maxFiles) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) filesUnder(path, found, depth + 1);
    else if (entry.isFile() && isText(entry.name) && statSync(path).size < maxFileBytes) found.push(path);
    if (found.length >= maxFiles) return;
  }
}

function isText(name: string): boolean {
  return (
    /^(README|NEWS|TODO|changelog|copyright|FAQ|INSTALL|HACKING)|\.(md|txt|rst|html|js|ts|py|pm|pl|css|json|yaml|yml|\d(\.gz)?)$/i.test(
      name,
    ) || name.endsWith('changelog.gz')
  );
}

/** At most `most` paragraphs, spread over the files by chance that is the same in every run. */
export function minedTexts(most: number): { readonly file: Mined; readonly text: string }[] {
  const all: { file: Mined; text: string }[] = [];
  for (const [folder, kind] of places) {
    if (!existsSync(folder)) continue;
    const found: string[] = [];
    filesUnder(folder, found, 0);
    for (const path of found.sort())
      for (const text of paragraphs(path)) all.push({ file: { path: path.replace(root, ''), kind }, text });
  }
  const chance = new Chance('mined');
  for (let index = all.length - 1; index > 0; index--) {
    const other = chance.below(index + 1);
    [all[index], all[other]] = [all[other]!, all[index]!];
  }
  return all.slice(0, most);
}

function paragraphs(path: string): string[] {
  const bytes = readFileSync(path);
  const text = path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: 4_000_000 }).toString() : bytes.toString();
  if (text.includes('\0') || text.includes('\ufffd')) return [];
  const chance = new Chance(path);
  const parts = text.split(/\n\s*\n/).map((one) => one.slice(0, longest).trim());
  const useful = parts.filter((one) => one.length > 3);
  return Array.from({ length: Math.min(perFile, useful.length) }, () => chance.of(useful));
}
