// The pages for people as data: their fenced blocks, and whether they may be run.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesUnder, root } from './source.ts';

/** One fenced block. `reason` is why it is not run, '' where it is. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly lines: readonly string[];
  readonly reason: string;
}

/** Every page whose commands and samples are held to. */
export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  ...filesUnder('docs', '.md'),
];

/** The text of a page. */
export function pageText(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The fenced blocks of a page. `<!-- not run: REASON -->` on the line before keeps one from being run. */
export function blocksOf(page: string, text: string = pageText(page)): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const opening = /^```(\w+)$/.exec(lines[index]!);
    if (opening === null) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`${page}:${index + 1}: the block does not end`);
    const mark = /^<!-- not run: (.+) -->$/.exec(lines[index - 1] ?? '');
    blocks.push({
      page,
      line: index + 1,
      language: opening[1]!,
      lines: lines.slice(index + 1, end),
      reason: mark?.[1] ?? '',
    });
    index = end;
  }
  return blocks;
}
