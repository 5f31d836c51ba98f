// The table of detectors: the family's name, the places' bit that runs it, and the characters without which it is silent.

import * as C from './classes.ts';
import type { Detection } from './detectors/detection.ts';
import { detectHtml } from './detectors/html.ts';
import { detectPath } from './detectors/path.ts';
import { detectShell } from './detectors/shell.ts';
import { detectSql } from './detectors/sql.ts';
import { HTML, PATH, type Place, SHELL, SQL } from './places.ts';

/** One detector. */
export interface Detector {
  readonly name: string;
  readonly bit: number;
  /** Classes of characters of which the value must have one for the detector to have anything to say. */
  readonly gate: number;
  readonly detect: (value: string, place: Place) => Detection | null;
}

/** Every detector of values, the most telling first. */
export const detectors: readonly Detector[] = [
  {
    name: 'sql-injection',
    bit: SQL,
    gate:
      C.SPACE |
      C.CONTROL |
      C.QUOTE |
      C.ANGLE |
      C.AMPERSAND |
      C.BRACKET |
      C.SEPARATOR |
      C.OPERATOR |
      C.BACKSLASH |
      C.PLUS,
    detect: detectSql,
  },
  {
    name: 'cross-site-scripting',
    bit: HTML,
    gate: C.ANGLE | C.QUOTE | C.COLON | C.BRACKET | C.OPERATOR,
    detect: detectHtml,
  },
  { name: 'path-traversal', bit: PATH, gate: C.SLASH | C.BACKSLASH | C.NUL | C.COLON, detect: detectPath },
  {
    name: 'command-injection',
    bit: SHELL,
    gate: C.SEPARATOR | C.AMPERSAND | C.QUOTE | C.BRACKET | C.ANGLE | C.CONTROL | C.BACKSLASH | C.SLASH,
    detect: detectShell,
  },
];

/** Every name a finding can have: the detectors of values, of the client's name, of XML and of what cannot be judged. */
export const detectorNames: readonly string[] = [
  ...detectors.map((one) => one.name),
  'scanner',
  'xml-entity',
  'evasion',
];
