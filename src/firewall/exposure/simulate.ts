// Leads a packet through every chain of every table, hook by hook, as the kernel would, and says who decided.

import { type Address, parseAddress } from '../../base/address.ts';
import type { Json } from '../nftables/nftables.ts';
import { type Answer, lookUp, matches } from './compare.ts';
import { fieldOf, isUnknown, type Surroundings, type Value, type Walker } from './packet.ts';
import { chainsAt, type Fields, type LiveChain, type LiveRule, type LiveSet, type Ruleset } from './ruleset.ts';

/** A packet from outside that begins a connection. */
export interface Probe {
  readonly protocol: 'tcp' | 'udp';
  readonly source: Address;
  readonly sourcePort: number;
  readonly target: Address;
  readonly port: number;
  /** The interface it comes in by. */
  readonly from: string;
}

/** What becomes of a packet. */
export interface Outcome {
  /** `undecided` where the answer hangs on what cannot be told from here. */
  readonly verdict: 'passes' | 'dropped' | 'undecided';
  /** The chain that decided, `inet filter input`, with its rule where it was one; '' where no chain stands in the way. */
  readonly by: string;
  /** Where it goes in the end: another address and port where it was translated. */
  readonly target: { readonly address: Address; readonly port: number };
  readonly isForwarded: boolean;
  /** Whether it is led where nobody can tell. */
  readonly isLost: boolean;
  /** Why it is undecided: `socket (ip mangle prerouting, rule handle 7)`. */
  readonly doubts: readonly string[];
}

/** Most ways through a ruleset that are tried where matches cannot be told. */
const maxWays = 64;

/** Most chains that a packet jumps through, one into the other (the kernel's NFT_JUMP_STACK_SIZE is 16). */
const maxDepth = 16;

/** Most rules that one packet is led through. */
const maxSteps = 1_000_000;

/** What the ruleset does to the packet. Where a match cannot be told, both ways are tried; if they end alike, it did not matter. */
export function simulate(ruleset: Ruleset, probe: Probe, around: Surroundings): Outcome {
  const open: boolean[][] = [[]];
  const outcomes: Outcome[] = [];
  const doubts = new Set<string>();
  for (let ways = 0; open.length > 0 && ways < maxWays; ways++) {
    const guesses = open.pop()!;
    const walk = new Walk(ruleset, probe, around, guesses);
    outcomes.push(walk.run());
    for (const doubt of walk.doubts) doubts.add(doubt);
    // Because every unknown beyond the guesses was taken for no, each is tried as yes once.
    for (let index = guesses.length; index < walk.asked; index++)
      open.push([...guesses, ...Array<boolean>(index - guesses.length).fill(false), true]);
  }
  const [first] = outcomes;
  const isOne = outcomes.every(({ verdict }) => verdict === first!.verdict) && open.length === 0;
  return isOne ? first! : { ...first!, verdict: 'undecided', doubts: [...doubts] };
}

/** Targets of iptables after which a packet goes on as it was. */
const harmlessTargets: ReadonlySet<string> = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'TRACE',
  'CHECKSUM',
  'TCPMSS',
  'DSCP',
  'TOS',
]);

type Verdict = 'accept' | 'drop' | 'return' | 'none';

/** One way through the ruleset. */
class Walk {
  readonly doubts: string[] = [];
  asked = 0;
  readonly #ruleset: Ruleset;
  readonly #around: Surroundings;
  readonly #guesses: readonly boolean[];
  readonly #walker: Walker;
  #by = '';
  #steps = 0;
  #isLost = false;

  constructor(ruleset: Ruleset, probe: Probe, around: Surroundings, guesses: readonly boolean[]) {
    this.#ruleset = ruleset;
    this.#around = around;
    this.#guesses = guesses;
    const { source, sourcePort, target, port, protocol, from } = probe;
    this.#walker = {
      family: source.family,
      protocol,
      source,
      sourcePort,
      called: { address: target, port },
      target: { address: target, port },
      from,
      hook: 'prerouting',
      isTracked: true,
      isTranslated: false,
      mark: 0,
      ctMark: 0,
    };
  }

  run(): Outcome {
    const isForwarded = () => !this.#around.isOwn(this.#walker.target.address);
    const hooks = ['prerouting', () => (isForwarded() ? 'forward' : 'input')] as const;
    for (const hook of hooks) {
      const name = typeof hook === 'string' ? hook : hook();
      this.#walker.hook = name;
      if (!this.#passes(name)) return this.#outcome('dropped', isForwarded());
    }
    return this.#outcome('passes', isForwarded());
  }

  #outcome(verdict: 'passes' | 'dropped', isForwarded: boolean): Outcome {
    const doubts = this.#isLost ? this.doubts : [];
    return {
      verdict: this.#isLost ? 'undecided' : verdict,
      by: this.#by,
      target: { ...this.#walker.target },
      isForwarded,
      isLost: this.#isLost,
      doubts,
    };
  }

  #passes(hook: string): boolean {
    let isNatDone = false;
    for (const chain of chainsAt(this.#ruleset, hook, this.#walker.family)) {
      // Because a connection is translated once: the first chain of type nat that says how has said it.
      if (chain.type === 'nat' && isNatDone) continue;
      const before = this.#walker.isTranslated;
      const verdict = this.#chain(chain, 0);
      if (chain.type === 'nat' && this.#walker.isTranslated !== before) isNatDone = true;
      if (verdict === 'drop') return false;
      if (verdict !== 'accept' && chain.policy === 'drop') {
        this.#by = `${chain.family} ${chain.table} ${chain.name} (its policy)`;
        return false;
      }
    }
    return true;
  }

  #chain(chain: LiveChain, depth: number): Verdict {
    if (depth > maxDepth) return 'none';
    for (const rule of chain.rules) {
      if (++this.#steps > maxSteps) return 'none';
      const verdict = this.#rule(chain, rule, depth);
      if (verdict === 'return') return 'none';
      if (verdict !== 'none') return verdict;
    }
    return 'none';
  }

  #rule(chain: LiveChain, rule: LiveRule, depth: number): Verdict {
    for (const statement of rule.statements) {
      const [[word, body] = ['', null]] = Object.entries(statement);
      const verdict = this.#statement(word, body as Fields, chain, rule, depth);
      if (verdict === 'leaves') return 'none';
      if (verdict !== 'goes on') return verdict;
    }
    return 'none';
  }

  #statement(
    word: string,
    body: Fields,
    chain: LiveChain,
    rule: LiveRule,
    depth: number,
  ): Verdict | 'goes on' | 'leaves' {
    const around = this.#around;
    const findSet = (name: string) => this.#set(chain, name);
    const told = (answer: Answer) => (this.#tell(answer, chain, rule) ? 'goes on' : 'leaves');
    switch (word) {
      case 'match':
        return told(matches(String(body.op), fieldOf(body.left!, this.#walker, around), body.right!, findSet));
      case 'vmap': {
        const key = fieldOf(body.key!, this.#walker, around);
        if (key === null) return 'leaves';
        const found = lookUp(key, body.data!, findSet);
        if (isUnknown(found)) return told(found) === 'leaves' ? 'leaves' : 'accept';
        if (found === null) return 'leaves';
        const [[verdict, target] = ['', null]] = Object.entries(found as Fields);
        return this.#verdict(verdict, target as Fields, chain, rule, depth);
      }
      case 'limit':
      case 'quota':
      case 'ct count':
        // Because one packet alone exceeds nothing: what matches below a limit matches, what matches above it does not.
        return body.inv === true ? 'leaves' : 'goes on';
      case 'meter':
        return this.#nested([body.stmt!], chain, rule, depth);
      case 'set':
        return this.#nested((body.stmt as readonly Json[] | undefined) ?? [], chain, rule, depth);
      case 'mangle':
        this.#mangle(body);
        return 'goes on';
      case 'xt':
        return this.#foreign(body ?? {}, chain, rule);
      case 'notrack':
        this.#walker.isTracked = false;
        return 'goes on';
      case 'dnat':
      case 'redirect':
        return this.#translate(word, body ?? {}, findSet, told);
      case 'masquerade':
      case 'snat':
        return 'accept';
      case 'counter':
      case 'log':
      case 'comment':
      case 'ct helper':
      case 'ct timeout':
      case 'flow':
      case 'synproxy':
        return 'goes on';
      default:
        return this.#verdict(word, body, chain, rule, depth);
    }
  }

  #verdict(word: string, body: Fields, chain: LiveChain, rule: LiveRule, depth: number): Verdict | 'leaves' {
    switch (word) {
      case 'accept':
        this.#by = placeOf(chain, rule);
        return 'accept';
      case 'drop':
      case 'reject':
        this.#by = placeOf(chain, rule);
        return 'drop';
      case 'return':
        return 'return';
      case 'continue':
        return 'leaves';
      case 'jump':
      case 'goto': {
        const target = this.#ruleset.chains.get(`${chain.family} ${chain.table} ${body?.target}`);
        if (target === undefined) return 'leaves';
        const verdict = this.#chain(target, depth + 1);
        // Because who goes (and does not jump) does not come back: at its end the chain that was gone from ends too.
        if (verdict === 'none') return word === 'goto' ? 'return' : 'leaves';
        return verdict;
      }
      default:
        // Because nobody knows what such a statement does to the packet, both are tried: it lets it go on, or ends it.
        if (!this.#tell({ unknown: word }, chain, rule)) return 'leaves';
        this.#by = placeOf(chain, rule);
        return 'drop';
    }
  }

  /** What iptables put there, of which nft tells the name alone: a match may be so or not, and where a target leads nobody knows. */
  #foreign({ type, name }: Fields, chain: LiveChain, rule: LiveRule): Verdict | 'goes on' | 'leaves' {
    if (type !== 'target')
      return this.#tell({ unknown: `the match ${name} of iptables` }, chain, rule) ? 'goes on' : 'leaves';
    if (harmlessTargets.has(String(name))) return 'goes on';
    if (name === 'REJECT') {
      this.#by = placeOf(chain, rule);
      return 'drop';
    }
    this.doubts.push(`the target ${name} of iptables (${placeOf(chain, rule)})`);
    this.#isLost = true;
    return 'accept';
  }

  #nested(statements: readonly Json[], chain: LiveChain, rule: LiveRule, depth: number): 'goes on' | 'leaves' {
    for (const statement of statements) {
      const [[word, body] = ['', null]] = Object.entries(statement as Fields);
      if (this.#statement(word, body as Fields, chain, rule, depth) === 'leaves') return 'leaves';
    }
    return 'goes on';
  }

  /** What is known is told; what is not is guessed, and written down as a doubt. */
  #tell(answer: Answer, chain: LiveChain, rule: LiveRule): boolean {
    if (!isUnknown(answer)) return answer;
    this.doubts.push(`${answer.unknown} (${placeOf(chain, rule)})`);
    return this.#guesses[this.asked++] ?? false;
  }

  #set(chain: LiveChain, name: string): LiveSet | null {
    return this.#ruleset.sets.get(`${chain.family} ${chain.table} ${name}`) ?? null;
  }

  #mangle({ key, value }: Fields): void {
    const { meta, ct } = key as { meta?: { key: string }; ct?: { key: string } };
    const set: Value = typeof value === 'number' ? value : { unknown: 'a mark' };
    if (meta?.key === 'mark') this.#walker.mark = set;
    if (ct?.key === 'mark') this.#walker.ctMark = set;
  }

  #translate(
    word: string,
    body: Fields,
    findSet: (name: string) => LiveSet | null,
    told: (answer: Answer) => 'goes on' | 'leaves',
  ): Verdict | 'leaves' {
    const address = word === 'redirect' || body.addr === undefined ? null : this.#constant(body.addr, findSet);
    const port = body.port === undefined ? null : this.#constant(body.port, findSet);
    if (address === 'absent' || port === 'absent') return 'leaves';
    const parsed = typeof address === 'string' ? parseAddress(address) : null;
    const isKnown = (address === null || parsed?.ok === true) && (port === null || typeof port === 'number');
    if (!isKnown) return told({ unknown: `where ${word} leads` }) === 'leaves' ? 'leaves' : 'accept';
    const target = this.#walker.target;
    this.#walker.target = {
      address: parsed?.ok ? parsed.value : target.address,
      port: typeof port === 'number' ? port : target.port,
    };
    this.#walker.isTranslated = true;
    return 'accept';
  }

  /** A constant, the first of a range, or what a map says; `absent` where the map says nothing. */
  #constant(value: Json, findSet: (name: string) => LiveSet | null): Json | 'absent' {
    if (typeof value !== 'object' || value === null) return value;
    const { range, map } = value as { range?: readonly Json[]; map?: { key: Json; data: Json } };
    if (range !== undefined) return range[0]!;
    if (map === undefined) return null;
    const found = lookUp(fieldOf(map.key, this.#walker, this.#around), map.data, findSet);
    if (found === null) return 'absent';
    return isUnknown(found) ? { unknown: found.unknown } : (found as Json);
  }
}

function placeOf({ family, table, name }: LiveChain, { handle, comment }: LiveRule): string {
  return `${family} ${table} ${name}, rule handle ${handle}${comment === '' ? '' : ` "${comment}"`}`;
}
