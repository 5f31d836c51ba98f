// The kernel's side of a table: put it there whole, take it away, look at it, and say what the kernel objects to.

import type { Program } from './program.ts';
import { isListSet } from './reading.ts';
import { type Command, inputOf, type Json, removal, replacement, type Table, tableName, unread } from './table.ts';

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

/** Replaces our table by this one, or puts it there. Sets that it keeps are neither read nor written. */
export async function putTable(nft: Program, table: Table): Promise<Done<null>> {
  const commands = await commandsFor(nft, table);
  return commands.ok ? send(nft, commands.value) : commands;
}

async function commandsFor(nft: Program, table: Table): Promise<Done<readonly Command[]>> {
  if (!table.sets.some(({ isKept }) => isKept)) return { ok: true, value: replacement(table) };
  const standing = await outlineOf(nft, table.name);
  return standing.ok ? { ok: true, value: replacement(table, standing.value ?? []) } : standing;
}

/** Asks the kernel whether it would take this table; changes nothing. */
export async function checkTable(nft: Program, table: Table): Promise<Done<null>> {
  const made = await commandsFor(nft, table);
  if (!made.ok) return made;
  const commands = made.value;
  const ran = await nft.run(['-c', '-j', '-f', '-'], inputOf(commands));
  if (ran.ok) return { ok: true, value: null };
  if (ran.kind !== 'refused') return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  return { ok: false, trouble: await blame(nft, commands, ran.text) };
}

/** Takes our table away. */
export function removeTable(nft: Program): Promise<Done<null>> {
  return send(nft, removal(tableName));
}

/** Most sets that are asked for one by one. */
const maxAsked = 64;

/**
 * The objects of our table as the kernel has them, in nft's words; null where there is no such table. The elements of
 * blocklists are left `unread` where they can be: the kernel lists a set of intervals in time that grows with the
 * square of its size, a million take it a minute.
 */
export async function listTable(nft: Program, name: string = tableName): Promise<Done<readonly Json[] | null>> {
  const outline = await outlineOf(nft, name);
  if (!outline.ok || outline.value === null) return outline;
  const names = outline.value.flatMap((object) => setNameOf(object) ?? []);
  const asked = names.filter((each) => !isListSet(each));
  if (asked.length === names.length || asked.length > maxAsked) return listWhole(nft, name);
  const objects: Json[] = [];
  for (const object of outline.value) {
    const found = await filled(nft, name, object);
    // Because the table may have been replaced in between: then it is read in one piece, however long that takes.
    if (found === null) return listWhole(nft, name);
    objects.push(found);
  }
  return { ok: true, value: objects };
}

/** A set or map of an outline with its elements; anything else as it is; null where the kernel has it no more. */
async function filled(nft: Program, table: string, object: Json): Promise<Json | null> {
  const name = setNameOf(object);
  if (name === null) return object;
  const kind = 'map' in (object as object) ? 'map' : 'set';
  if (isListSet(name)) return { set: { ...(object as { set: { [key: string]: Json } }).set, elem: unread } };
  const ran = await nft.run(['-j', 'list', kind, 'inet', table, name]);
  const listing = ran.ok ? readListing(ran.output) : null;
  return listing?.ok === true ? (listing.value.find((each) => setNameOf(each) === name) ?? null) : null;
}

function setNameOf(object: Json): string | null {
  const { set, map } = object as { set?: { name: string }; map?: { name: string } };
  return set?.name ?? map?.name ?? null;
}

/** The table without the elements of its named sets; null where there is none. Takes milliseconds, whatever stands in the sets. */
export async function outlineOf(nft: Program, name: string = tableName): Promise<Done<readonly Json[] | null>> {
  const ran = await nft.run(['-t', '-j', 'list', 'ruleset']);
  if (!ran.ok) return { ok: false, trouble: plainTrouble(ran.kind, ran.says, ran.text) };
  const listing = readListing(ran.output);
  if (!listing.ok) return listing;
  const own = listing.value.filter((object) => {
    const [[kind, body] = ['', null]] = Object.entries(object as { [kind: string]: { [key: string]: Json } });
    return body?.family === 'inet' && (kind === 'table' ? body.name : body.table) === name;
  });
  return { ok: true, value: own.length === 0 ? null : own };
}

async function listWhole(nft: Program, name: string): Promise<Done<readonly Json[] | null>> {
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
