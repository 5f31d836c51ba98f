// Formulas of spreadsheets that a table program would run when somebody opens what was exported: DDE, and calls that send cells away.

import { type Detection, found, type Subject } from './detection.ts';

/** Functions that fetch an address of the sender's choice. */
const fetching: readonly string[] = ['importxml(', 'importdata(', 'importhtml(', 'importfeed(', 'hyperlink(', 'image('];
/** Functions that no cell of a form needs. */
const running: readonly string[] = ['webservice(', 'dde(', 'call("', 'exec("', 'register.id(', 'register("'];
/** Cells that are looked at in one text. */
const maxCells = 256;

/** A formula at the start of the value or of one of its cells. Id 1048025. Linear; never throws. */
export function detectFormula({ text, lower }: Subject): Detection | null {
  if (!text.includes("|'") && !text.includes("| '") && !text.includes('("') && !text.includes('://')) return null;
  let at = 0;
  for (let cells = 0; at >= 0 && cells < maxCells; cells++) {
    const start = skip(text, at);
    if ('=+-@'.includes(text.charAt(start)) && start < text.length && runs(lower, start))
      return found(
        1048025,
        5,
        'the value is a formula that a spreadsheet runs or sends cells away by',
        start,
        start + 96,
      );
    at = nextCell(text, start);
  }
  return null;
}

function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && (text.charCodeAt(at) <= 32 || text.charCodeAt(at) === 34)) at++;
  return at;
}

function nextCell(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 44 || code === 59 || code === 10 || code === 9) return at + 1;
  }
  return -1;
}

/** Whether the formula at `start` asks another program (`cmd|'/c …'!A0`) or hands an address to a function. */
function runs(lower: string, start: number): boolean {
  const formula = lower.slice(start, start + 300);
  const tight = formula.indexOf("|'");
  const bar = tight < 0 ? formula.indexOf("| '") : tight;
  if (bar > 0 && formula.indexOf("'!", bar) > 0 && isName(formula, bar)) return true;
  if (formula.charAt(0) === '-') return false;
  const name = formula.slice(1, 24).trimStart();
  if (running.some((one) => name.startsWith(one))) return true;
  const sends = formula.includes('"&') || formula.includes('" &') || formula.includes('concat');
  return sends && formula.includes('://') && fetching.some((one) => name.startsWith(one));
}

/** Whether a letter or digit stands before the bar: the name of a program. */
function isName(formula: string, bar: number): boolean {
  const code = formula.charCodeAt(bar - 1);
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57);
}
