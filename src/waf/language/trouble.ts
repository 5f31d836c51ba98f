// What is wrong with a rule file: where, what, why, what to write instead, and the picture of it with carets.

/** A stretch of one line of one file; `line` and `column` count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The whole line as the file has it. */
  readonly source: string;
}

/** One fault of a rule file. `says` is one sentence without a full stop; `instead` says what to write. */
export interface Trouble {
  readonly place: Place;
  readonly says: string;
  readonly instead: string;
}

/** Longest part of a line that a picture shows. */
const maxPictured = 100;

/**
 * The fault as people read it: `file:line:column  says`, the line, carets under the fault, and what to write instead.
 */
export function pictureOf({ place, says, instead }: Trouble): string {
  const from = place.column > maxPictured - 20 ? place.column - 20 : 1;
  const shown = printable(place.source.slice(from - 1, from - 1 + maxPictured));
  const indent = ' '.repeat(place.column - from);
  const carets = '^'.repeat(Math.max(1, Math.min(place.length, shown.length - (place.column - from))));
  const lines = [`${place.file}:${place.line}:${place.column}  ${says}`, `  ${shown}`, `  ${indent}${carets}`];
  if (instead !== '') lines.push(`  ${instead}`);
  return lines.join('\n');
}

function printable(text: string): string {
  let shown = '';
  for (const character of text) shown += character < ' ' || character === '\x7f' ? ' ' : character;
  return shown;
}
