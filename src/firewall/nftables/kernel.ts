// The kernel's side of a table: put it there whole, take it away, look at it, and say what the kernel objects to.

import type { Program } from './program.ts';
import { type Command, inputOf, type Json, removal, replacement, type Table, tableName } from './table.ts';

/** What the kernel did not do, and why. `rule` is the number of the policy's rule it refused, 0 where none is to blame. */
export interface KernelTrouble {
  readonly kind: 'missing' | 'forbidden' | 'refused' | 'broken';
  /** One sentence without a full stop. */
  readonly says: string;
  /** What to do about it. */
  readonly instead: string;
  readonly rule: number;
}

/** A thing done, or the trouble; nothing was changed where there is one. */
export type Done<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly trouble: KernelTrouble };

/** The commands of one transaction, sent as they are. Nothing is changed where the kernel refuses any of them. */
export async function send(nft: Program, commands: readonly Command[]): Promise<Done<null>> {
  const ran = await nft.run(['-j', '-f', '-'], inputOf(commands));
  if (ran.ok) return { ok: true, value: null };
  if (ran.kind !== 'refused') return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  return { ok: false, trouble: await blame(nft, commands, ran.text) };
}

/** Replaces our table by this one, or puts it there. */
export function putTable(nft: Program, table: Table): Promise<Done<null>> {
  return send(nft, replacement(table));
}

/** Asks the kernel whether it would take this table; changes nothing. */
export async function checkTable(nft: Program, table: Table): Promise<Done<null>> {
  const commands = replacement(table);
  const ran = await nft.run(['-c', '-j', '-f', '-'], inputOf(commands));
  if (ran.ok) return { ok: true, value: null };
  if (ran.kind !== 'refused') return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  return { ok: false, trouble: await blame(nft, commands, ran.text) };
}

/** Takes our table away. */
export function removeTable(nft: Program): Promise<Done<null>> {
  return send(nft, removal(tableName));
}

/** The objects of our table as the kernel has them, in nft's words; null where there is no such table. */
export async function listTable(nft: Program, name: string = tableName): Promise<Done<readonly Json[] | null>> {
  const ran = await nft.run(['-j', 'list', 'table', 'inet', name]);
  if (!ran.ok) {
    // Because nft says so of a table that is not there, in the words of ENOENT.
    if (ran.kind === 'refused' && ran.text.includes('No such file or directory')) return { ok: true, value: null };
    return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  }
  return readListing(ran.output);
}

/** Every object of every table of the machine. Looks only. */
export async function listRuleset(nft: Program): Promise<Done<readonly Json[]>> {
  const ran = await nft.run(['-j', 'list', 'ruleset']);
  if (!ran.ok) return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  return readListing(ran.output);
}

/** The objects of a listing: `{"nftables": [{"metainfo": …}, …]}` (libnftables-json(5)). */
export function readListing(text: string): Done<readonly Json[]> {
  const says = 'nft gave a listing that is not its JSON';
  try {
    const { nftables } = JSON.parse(text) as { nftables?: unknown };
    if (Array.isArray(nftables) && nftables.every((each) => typeof each === 'object' && each !== null))
      return { ok: true, value: nftables as Json[] };
  } catch {
    // It is told below, like any other nonsense.
  }
  const instead = 'look what `nft -j list ruleset` prints, and whether `nft` is the one of your distribution';
  return { ok: false, trouble: { kind: 'broken', says, instead, rule: 0 } };
}

function plainTrouble(kind: KernelTrouble['kind'], says: string, text: string): KernelTrouble {
  const firstLine = text.split('\n')[0]!.slice(0, 300);
  const detail = firstLine === '' || kind === 'missing' || kind === 'forbidden' ? says : `${says}: ${firstLine}`;
  return { kind, says: detail, instead: remedies[kind], rule: 0 };
}

const remedies: Readonly<Record<KernelTrouble['kind'], string>> = {
  missing: 'install it (Debian: apt install nftables)',
  forbidden: 'run this command as root, or give the process CAP_NET_ADMIN',
  refused: 'run `nft -j list ruleset` to see what the kernel has',
  broken: 'run `nft -j list ruleset` by hand to see what it answers',
};

/** Most questions to find the command that the kernel refuses: a list of a million halves twenty times. */
const maxQuestions = 24;

/**
 * The first command that the kernel refuses, by halving: nft tells for JSON only what is wrong, not where. Every
 * question is a check that changes nothing.
 */
async function blame(nft: Program, commands: readonly Command[], text: string): Promise<KernelTrouble> {
  const wrong = sentenceOf(text);
  let taken = 0;
  let refused = commands.length;
  for (let asked = 0; refused - taken > 1 && asked < maxQuestions; asked++) {
    const middle = (taken + refused) >>> 1;
    const ran = await nft.run(['-c', '-j', '-f', '-'], inputOf(commands.slice(0, middle)));
    if (ran.ok) taken = middle;
    else if (ran.kind === 'refused') refused = middle;
    else return plainTrouble(ran.kind, ran.says, ran.text);
  }
  const { makes, from } = commands[refused - 1]!;
  return {
    kind: 'refused',
    says: `the kernel refuses ${makes}: ${wrong}`,
    instead: remedyOf(wrong, from),
    rule: from,
  };
}

/** What nft says, without its place in a file that nobody wrote. */
function sentenceOf(text: string): string {
  const line = text.split('\n').find((each) => each.includes('Error: ')) ?? text.split('\n')[0] ?? '';
  const from = line.indexOf('Error: ');
  const sentence = (from < 0 ? line : line.slice(from + 'Error: '.length)).trim().slice(0, 300);
  return sentence === '' ? 'it does not say why' : sentence;
}

function remedyOf(wrong: string, rule: number): string {
  if (wrong.includes('Operation not supported') || wrong.includes('No such file or directory'))
    return 'this kernel lacks a module that the table needs; turn the setting off, or load the module';
  if (wrong.includes('Message too long') || wrong.includes('No buffer space') || wrong.includes('Cannot allocate'))
    return 'the table is too large for the kernel; join networks into shorter lists';
  return rule > 0
    ? `look at rule ${rule} in the configuration`
    : 'report it with the output of `firewall export nft --json`';
}
