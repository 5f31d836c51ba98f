// Templates become texts: a seeded generator, the words that fill the slots, and which third of the templates is held back.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One line of a list: its section, and the text with its slots. */
export interface Template {
  readonly section: string;
  readonly text: string;
}

/** Numbers by chance that are the same in every run (mulberry32). */
export class Chance {
  #state: number;

  /** Chance that begins with `seed`, any text. */
  constructor(seed: string) {
    this.#state = createHash('sha256').update(seed).digest().readUInt32LE(0);
  }

  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  /** One of `all`. */
  of<T>(all: readonly T[]): T {
    return all[this.below(all.length)]!;
  }
}

/** Whether `template`, and everything made from it, is in the third that nobody looks at while detectors are written. */
export function isHeldBack(template: string): boolean {
  return createHash('sha256').update(template).digest().readUInt32LE(4) % 3 === 0;
}

/**
 * The same of the corpora that detectors were already held to: half of their third was opened later, because what it
 * counted had become known by its classes.
 */
export function staysHeldBack(template: string): boolean {
  return isHeldBack(template) && createHash('sha256').update(template).digest().readUInt32LE(8) % 2 === 0;
}

/** The templates of a list in this folder. A line `== name` begins a section; ⏎, ⇥, ␍ and ␀ stand for LF, TAB, CR and NUL. */
export function templatesOf(path: string): Template[] {
  const found: Template[] = [];
  let section = '';
  for (const line of readFileSync(join(import.meta.dirname, path), 'utf8').split('\n')) {
    // Because a heading of a wiki begins so, too, and goes on.
    if (line.startsWith('== ') && !line.includes('⏎')) section = line.slice(3);
    else if (line !== '') found.push({ section, text: unmarked(line) });
  }
  return found;
}

function unmarked(line: string): string {
  return line.replaceAll('⏎', '\n').replaceAll('⇥', '\t').replaceAll('␍', '\r').replaceAll('␀', '\0');
}

const list = (text: string): readonly string[] => text.split(' ');

/** What stands for slots that differ with every use. */
const slots: Readonly<Record<string, readonly string[]>> = {
  t: list('users accounts orders customers wp_users members admin_users employee products sessions'),
  c: list('name email username login user_id title role token card_no'),
  end: ['--', '-- ', '-- -', '#', '--+', '/*', ';--', '-- x'],
  h: list('evil.example attacker.test x7f.oast.example c2.bad.example q.example'),
  ip: list('203.0.113.66 198.51.100.9 192.0.2.44'),
  s: list('3 5 7 9'),
  f: list('/etc/passwd /etc/shadow /etc/hosts /proc/self/environ'),
  fr: list('etc/passwd etc/shadow etc/hosts proc/self/environ windows/win.ini'),
  cmd: ['id', 'whoami', 'cat /etc/passwd', 'uname -a', 'ls -la /', 'sleep 5', 'ifconfig', 'curl http://evil.example/'],
  wcmd: ['whoami', 'dir', 'ipconfig /all', 'net user', 'type C:\\Windows\\win.ini', 'ping -n 5 127.0.0.1'],
  js: list(
    'alert(1) alert(document.cookie) confirm`1` prompt(document.domain) eval(name) print() top.alert(7) import("//evil.example")',
  ),
  First: list('Anna Liam Sofia Noah Chloé Mateo Aoife Jürgen Mei Priya Omar Yuki Siobhan Piotr Ines'),
  first: list('anna liam sofia noah chloe mateo aoife jurgen mei priya omar yuki'),
  Last: list('Brien Neill Angelo Smith Müller Garcia Kowalski Tanaka Okafor Silva Reilly Dupont Novak Hansen'),
  last: list('brien neill angelo smith mueller garcia kowalski tanaka okafor silva'),
  Nick: list('Order Invoice Profile Widget Catalog Report Session Booking Ticket Ledger'),
  noun: list(
    'shoe table lamp dog hotel hospital union order phone garden bike camera coffee train ticket invoice school river guitar jacket recipe engine printer island market window bottle server database script cat group view',
  ),
  NOUN: list('SHOP ORDERS API WEB DATA OPS'),
  city: list(
    'Oslo Lyon Kraków Zürich Bengaluru Nairobi Osaka Galway Porto Malmö Tbilisi Quito Leeds Halifax Łódź Reykjavík Graz Cork Austin Perth',
  ),
  street: [
    'Rue de l’Église',
    'Königstraße',
    "St. John's Road",
    'Calle Mayor',
    'ul. Długa',
    'Market & 5th St.',
    'Via d’Azeglio',
    'Strada Unirii',
    'High Street',
    "Queen's Drive",
    'Kungsgatan',
    'MG Road',
  ],
  brand: list(
    'Bosch Makita Nikon IKEA Philips Lenovo Adidas Sony Dyson Lego Garmin Casio Moulinex Fender Shimano Weber',
  ),
  thing: [
    'running shoes',
    'coffee grinder',
    'drop leaf table',
    'union jack flag',
    'USB-C cable',
    'night stand',
    'rain jacket',
    'order picker',
    'phone case',
    'table lamp',
    'garden hose',
    'wall anchors',
    'insert nuts',
    'select comfort mattress',
    'kids bike',
    'script font',
    'road tyre',
    'cast iron pan',
  ],
  job: [
    'Engineer',
    'Nurse',
    'DBA',
    'Accountant',
    'Teacher',
    'Electrician',
    'UX Designer',
    'Sales Rep',
    'Chef de partie',
  ],
  adj: list('red small vintage cheap wooden electric local organic blue quick used null selected general'),
};

/** `template` with its slots filled; the same letter gives the same number where a condition needs it. */
export function fill(template: string, chance: Chance): string {
  const kept = new Map<string, string>();
  const once = (name: string, make: () => string): string => {
    const known = kept.get(name) ?? make();
    kept.set(name, known);
    return known;
  };
  return template.replace(/«([A-Za-z0-9]+)»/g, (whole, name: string) => {
    if (name === 'n') return String(1 + chance.below(chance.below(2) === 0 ? 99 : 9999));
    if (name === 'n255') return String(2 + chance.below(250));
    if (name === 'a') return once('a', () => String(1 + chance.below(4999)));
    if (name === 'b') return once('b', () => String(5000 + chance.below(4999)));
    if (name === 'q') return once('q', () => chance.of(["'", "'", "'", '"']));
    if (name === 'w') return word(chance);
    if (name === 'x') return once('x', () => word(chance));
    if (name === 'hex') return digits(chance, 16, 32);
    if (name === 'uuid') return [8, 4, 4, 4, 12].map((length) => digits(chance, 16, length)).join('-');
    if (name === 'year') return String(1990 + chance.below(40));
    if (name === 'mm') return String(1 + chance.below(12)).padStart(2, '0');
    if (name === 'dd') return String(1 + chance.below(28)).padStart(2, '0');
    const words = slots[name];
    if (words === undefined) throw new Error(`no slot ${whole}`);
    return chance.of(words);
  });
}

function word(chance: Chance): string {
  const syllables = list('ka lo mi ra tu ve so ne di pa qu zi bo fe');
  return Array.from({ length: 2 + chance.below(2) }, () => chance.of(syllables)).join('');
}

function digits(chance: Chance, base: number, length: number): string {
  return Array.from({ length }, () => chance.below(base).toString(base)).join('');
}
