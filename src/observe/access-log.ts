// An access log: a line an exchange, to a file, a syslog server or systemd's journal; in the background, bounded, and never in traffic's way.

import type { Exchange } from '../traffic/exchange.ts';
import type { Outcome } from '../traffic/history.ts';
import { type AccessLogWords, targetName } from '../traffic/log-target.ts';
import { AccessLines } from './access-line.ts';
import type { Files } from './files.ts';
import { Journal, type JournalCounts } from './journal.ts';

/** Severities by outcome (RFC 5424 6.2.1): informational, notice, warning, warning. */
const severities: Readonly<Record<Outcome, number>> = Object.freeze({ pass: 6, detect: 5, block: 4, fail: 4 });

/** Writes the lines of one log. */
export class AccessLog {
  readonly words: AccessLogWords;
  readonly file: Journal;
  readonly #lines: AccessLines;
  readonly #head: (exchange: Exchange, outcome: Outcome) => string;

  /** `sinks` opens the target by its name; `hostname` is what syslog lines come from. */
  constructor(words: AccessLogWords, sinks: Files, hostname: string) {
    this.words = words;
    this.file = new Journal(targetName(words.to), sinks);
    this.#lines = new AccessLines(words.format);
    this.#head = headOf(words, hostname);
  }

  get counts(): JournalCounts {
    return this.file.counts;
  }

  /** Takes an exchange that has ended. */
  tell(exchange: Exchange, outcome: Outcome): void {
    if (this.words.onlyTroubles && outcome === 'pass') return;
    if (this.file.hasRoom) this.file.add(this.#head(exchange, outcome) + this.#lines.of(exchange));
    else this.file.drop();
  }

  /** Whether another has the same words, so that this one can go on in its place. */
  isSame(other: AccessLog): boolean {
    return JSON.stringify(this.words) === JSON.stringify(other.words);
  }
}

/** What stands before each line: nothing in a file, a priority for systemd's journal, a header for syslog. */
function headOf({ to, facility }: AccessLogWords, hostname: string): (exchange: Exchange, outcome: Outcome) => string {
  if (to.kind === 'file') return () => '';
  if (to.kind === 'journald') return (_, outcome) => `<${severities[outcome]}>`;
  const host = printable(hostname) || '-';
  return ({ startedAt }, outcome) =>
    // RFC 5424 6: priority, version, time, host, application, process, kind of message, structured data.
    `<${facility * 8 + severities[outcome]}>1 ${new Date(startedAt).toISOString()} ${host} portcullis - access - `;
}

/** PRINTUSASCII of RFC 5424 6, at most 255. */
function printable(text: string): string {
  let out = '';
  for (const character of text) if (character > ' ' && character <= '~') out += character;
  return out.slice(0, 255);
}
