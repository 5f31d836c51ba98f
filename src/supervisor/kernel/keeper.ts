// Keeps the kernel's table company while a gate runs: puts the confirmed rules there after a restart, and bans and blocklists into its sets as they change.

import { AddressReader } from '../../base/address.ts';
import { parseCidr } from '../../base/cidr.ts';
import { systemClock } from '../../base/clock.ts';
import type { Settings } from '../../config/config.ts';
import {
  type BanRecord,
  banCommands,
  blocklistCommands,
  build,
  type Callers,
  type CallersChange,
  type Command,
  conntrackProgram,
  findDrift,
  type KernelBan,
  type KernelBlocklist,
  type KernelTrouble,
  listTable,
  neverBanCommands,
  nftProgram,
  objectsOf,
  offTrial,
  outlineOf,
  type Program,
  putTable,
  send,
  synProxyTrouble,
  type Table,
  tableName,
  tableOf,
} from '../../firewall/firewall.ts';
import { machineReader } from '../../ports/ports.ts';
import { firewallOf, tableFor } from './candidate.ts';
import { settleOverdue } from './commit.ts';
import { Store } from './store.ts';
import { forgetShutOut } from './tracked.ts';

/** What a keeper is handed. */
export interface KernelKeeperTools {
  readonly nft: Program;
  readonly conntrack: Program;
  readonly store: Store;
  readonly settings: Pick<Settings, 'firewall' | 'blocklists'>;
  now(): number;
  /** A file of /proc; null where there is none. */
  read(path: string): string | null;
  /** Hears a sentence for the owner. */
  warn(says: string): void;
  /** Has the rules that stand in the kernel hold at accept, too. */
  follow(): Promise<void>;
}

/** So long after its deadline a trial is taken back by the gate, in ms: by then its guard would have, and the kernel has turned back. */
const overdueMs = 5000;

/** So long rules on trial may take until they stand in the kernel and somebody says so, in ms. */
const announcedMs = 3000;

/** Most new bans for which conntrack is asked one by one; for more it is asked for everything. */
const maxNamed = 16;

/** What of the callers is to be told to the kernel. */
type Part = 'bans' | 'never' | 'lists';

/** The kernel's side of one gate. Whatever fails is said once; the firewall at accept goes on. */
export class KernelKeeper {
  readonly #callers: Callers;
  readonly #tools: KernelKeeperTools;
  readonly #due = new Set<Part>();
  #running: Promise<void> | null = null;
  #filling: Promise<void> = Promise.resolve();
  #isThere = false;
  #told = '';
  /** Targets whose connections conntrack has forgotten. */
  #banned: ReadonlySet<string> = new Set();
  #hasConntrack = true;
  /** The store as it was when accept last followed it. */
  #followed = '';
  #isLooking = false;
  #isStopped = false;

  constructor(callers: Callers, tools: KernelKeeperTools) {
    this.#callers = callers;
    this.#tools = tools;
  }

  /** Looks at the kernel, and puts the confirmed generation there where no table is. Filling its sets goes on behind that: a million entries take many seconds. */
  async start(): Promise<void> {
    this.#callers.onChange((change) => this.hear(change));
    await this.#standUp();
    this.#followed = await this.#tools.store.version();
    this.#filling = this.#fill();
  }

  /** Somebody has put rules into the kernel, or taken them back: accept goes along, and every set is filled anew. */
  async refill(): Promise<void> {
    this.#followed = await this.#tools.store.version();
    await this.#tools.follow();
    await this.#fill();
  }

  /** Looks whether the kernel's rules are others than a moment ago, and takes back a trial whose guard did not live to do it. Never rejects. */
  async tick(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
    } catch (error) {
      this.#say(`the rules of the kernel are not followed: ${(error as Error).message}`);
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<void> {
    const { store, now } = this.#tools;
    const pending = await store.pendingSince();
    if (pending > 0 && now() > ((await store.pending())?.deadline ?? now()) + overdueMs) {
      const settled = await settleOverdue(this.#tools);
      if (!settled.ok) this.#warn(settled.trouble, 'the rules on trial are not taken back');
    }
    if ((await store.version()) === this.#followed) return;
    // Because who applies rules writes them down first, and says by itself when they stand.
    if (pending > 0 && now() - pending < announcedMs) return;
    await this.refill();
  }

  async #fill(): Promise<void> {
    // Because another keeper may have taken over while this one waited.
    if (this.#isStopped) return;
    this.#isThere = true;
    for (const part of ['never', 'bans'] as const) this.#due.add(part);
    await this.#run();
    // Because a million entries take many seconds, nobody waits for them; those that stood before stand meanwhile.
    if (!this.#isThere) return;
    this.#due.add('lists');
    void this.#run();
  }

  /** What was begun has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#filling;
    await this.#running;
    this.#isThere = false;
  }

  /** A change to be told to the kernel; those made in this process are heard without this. */
  hear({ kind }: CallersChange): void {
    if (!this.#isThere) return;
    this.#due.add(kind === 'listed' ? 'lists' : kind === 'never' ? 'never' : 'bans');
    void this.#run();
  }

  /** One transaction at a time: what changes meanwhile goes into the next, however much it is. */
  #run(): Promise<void> {
    this.#running ??= this.#work().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #work(): Promise<void> {
    while (this.#due.size > 0 && this.#isThere) {
      // Because changes come in one by one within a turn of the loop, they are gathered before nft is asked.
      await Promise.resolve();
      const parts = [...this.#due];
      this.#due.clear();
      if (!(await this.#stands())) return;
      const done = await send(
        this.#tools.nft,
        parts.flatMap((part) => this.#commandsFor(part)),
      );
      if (done.ok) {
        await this.#forget(parts);
        continue;
      }
      this.#isThere = false;
      this.#warn(done.trouble, 'bans are not in the kernel');
    }
  }

  /** Whether there is a table to fill; where none was applied, or it was taken away, bans hold at accept, and that was said. */
  async #stands(): Promise<boolean> {
    const outline = await outlineOf(this.#tools.nft);
    this.#isThere = outline.ok && outline.value !== null;
    if (!outline.ok) this.#warn(outline.trouble, 'bans are not in the kernel');
    return this.#isThere;
  }

  /** Conntrack forgets whom the kernel shuts out from now on. */
  async #forget(parts: readonly Part[]): Promise<void> {
    const before = this.#banned;
    if (parts.includes('bans')) this.#banned = new Set(this.#callers.list().map(({ target }) => target));
    const fresh = [...this.#banned].filter((target) => !before.has(target));
    if (!this.#hasConntrack || (fresh.length === 0 && !parts.includes('lists'))) return;
    const reader = new AddressReader();
    const isShutOut = (source: string) => reader.read(source) !== 0 && this.#callers.judge(reader) !== null;
    const few = parts.includes('lists') || fresh.length > maxNamed ? null : fresh;
    this.#hasConntrack = (await forgetShutOut(this.#tools.conntrack, isShutOut, few)) !== null;
  }

  #commandsFor(part: Part): Command[] {
    if (part === 'never') return neverBanCommands(this.#callers.never().map(({ cidr }) => cidr));
    if (part === 'bans')
      return banCommands(
        this.#callers
          .list()
          .map(banOf)
          .filter((ban) => ban !== null),
      );
    const lists = this.#callers.blocklists().map(listOf);
    const { blocklists } = this.#tools.settings;
    // Because a list is known to the table by its place in the settings, one that could not be read is an empty one.
    return blocklists.flatMap(({ name }, index) => {
      const found = lists.find((list) => list.name === name) ?? { name, four: [], six: [] };
      return blocklistCommands(index, found);
    });
  }

  async #standUp(): Promise<void> {
    const { nft, store, settings } = this.#tools;
    const settled = await settleOverdue(this.#tools);
    if (!settled.ok) return this.#warn(settled.trouble, 'the rules are not in the kernel');
    const listed = await listTable(nft);
    if (!listed.ok) return this.#warn(listed.trouble, 'the rules are not in the kernel');
    const built = build(settings.firewall, { locate: () => '' });
    if (!built.ok) return;
    const names = settings.blocklists.map(({ name }) => name);
    const wanted = (standing: Table | null) =>
      tableFor(
        { firewall: built.value, kernel: settings.firewall.kernel, callers: null, blocklists: names },
        [],
        standing,
      );
    if (listed.value !== null) {
      const read = tableOf(listed.value, tableName);
      const standing = read.ok ? offTrial(read.value) : null;
      const live = standing === null ? listed.value : objectsOf(standing);
      if (settled.value === null && findDrift(wanted(standing), live).length > 0)
        this.#say('the kernel has other rules than the configuration; `portcullis plan` says which');
      return;
    }
    const generation = await store.find(await store.current());
    if (generation === null)
      return this.#say('no rules are in the kernel yet; `portcullis apply --confirm-within 60s` puts them there');
    const unfit = synProxyTrouble(generation.kernel.synProxyPorts, (path) => this.#tools.read(path));
    // Because after a restart the sysctls may be others, and a proxy that cannot work would shut everybody out.
    const kernel = unfit === null ? generation.kernel : { ...generation.kernel, synProxyPorts: [] };
    if (unfit !== null) this.#warn(unfit, 'the rules are in the kernel without the SYN proxy');
    const table = tableFor({ firewall: firewallOf(generation), kernel, callers: null, blocklists: names }, [], null);
    const put = await putTable(nft, table);
    if (!put.ok) return this.#warn(put.trouble, 'the rules are not in the kernel');
    if (findDrift(wanted(table), objectsOf(table)).length > 0)
      this.#say(
        `generation ${generation.number} stands in the kernel again; the configuration says something else, and \`portcullis plan\` says what`,
      );
  }

  #warn({ says, instead }: KernelTrouble, what: string): void {
    this.#say(`${what}: ${says}; ${instead}`);
  }

  #say(text: string): void {
    if (text === this.#told) return;
    this.#told = text;
    this.#tools.warn(text);
  }
}

/** The keeper that the settings ask for; null where they leave the kernel alone. */
export function kernelKeeperOf(
  settings: Pick<Settings, 'firewall' | 'blocklists' | 'dataDirectory'>,
  callers: Callers,
  warn: (says: string) => void,
  follow: () => Promise<void>,
): KernelKeeper | null {
  if (!settings.firewall.enforce.includes('kernel')) return null;
  const store = new Store(settings.dataDirectory);
  return new KernelKeeper(callers, {
    nft: nftProgram(),
    conntrack: conntrackProgram(),
    store,
    settings,
    now: () => systemClock.now(),
    read: (path) => machineReader.read(path),
    warn,
    follow,
  });
}

/** The objects that the commands for a table make. */

function banOf({ target, leftMs }: BanRecord): KernelBan | null {
  const parsed = parseCidr(target);
  if (!parsed.ok || (leftMs !== null && leftMs <= 0)) return null;
  return { cidr: parsed.value, remainingSeconds: leftMs === null ? null : Math.ceil(leftMs / 1000) };
}

/** The ranges of a list as the kernel's sets take them. */
export function listOf({
  name,
  ranges,
}: {
  readonly name: string;
  readonly ranges: Parameters<typeof wordsAt>[0];
}): KernelBlocklist {
  const { starts4, lasts4, starts6 } = ranges;
  const four = Array.from(starts4, (first, index) => ({ first, last: lasts4[index]! }));
  const six = Array.from({ length: starts6.length / 4 }, (_, index) => wordsAt(ranges, index));
  return { name, four, six };
}

function wordsAt(
  {
    starts6,
    lasts6,
  }: {
    readonly starts4: Uint32Array;
    readonly lasts4: Uint32Array;
    readonly starts6: Uint32Array;
    readonly lasts6: Uint32Array;
  },
  index: number,
) {
  return { first: wide(starts6, index * 4), last: wide(lasts6, index * 4) };
}

function wide(words: Uint32Array, at: number): bigint {
  let value = 0n;
  for (let word = 0; word < 4; word++) value = (value << 32n) | BigInt(words[at + word]!);
  return value;
}
