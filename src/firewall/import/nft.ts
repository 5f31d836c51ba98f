// nftables, as `nft -j list ruleset` prints it: the chains of the input hook, with the chains, sets and maps that they use.

import { type BaseChain, type ChainRule, type Flat, flatten } from './chains.ts';
import { everything, everything4, everything6, type Imported, type ImportedRule, type Note } from './model.ts';
import { type Plain, textOf } from './nft-json.ts';
import { NftRule } from './nft-rule.ts';

interface Chain extends BaseChain {
  readonly family: string;
  readonly priority: number;
}

/** Reads the JSON of nft. */
export function readNft(value: unknown): Imported | string {
  const items = (value as { nftables?: unknown } | null)?.nftables;
  if (!Array.isArray(items)) return 'it has no list nftables';
  const reader = new Reader(items.filter((item): item is Plain => typeof item === 'object' && item !== null));
  return reader.read();
}

class Reader {
  readonly #items: readonly Plain[];
  readonly #notes: Note[] = [];
  /** Elements of named sets and maps, by `family table name`. */
  readonly #sets = new Map<string, readonly unknown[]>();
  readonly #chains = new Map<string, ChainRule[]>();
  readonly #bases: Chain[] = [];

  constructor(items: readonly Plain[]) {
    this.#items = items;
  }

  read(): Imported | string {
    for (const item of this.#items) this.#declare(item);
    const reached = this.#reachedChains();
    for (const { rule } of this.#items) if (isPlain(rule)) this.#rule(rule, reached);
    this.#bases.sort((a, b) => a.priority - b.priority);
    if (this.#bases.length === 0)
      this.#notes.push({
        where: 'the whole',
        text: '',
        says: 'no chain is hooked into input, so everything is accepted',
      });
    // Where every chain is about both families, so is every rule.
    if (this.#bases.every(({ family }) => family === 'inet') && this.#bases.length > 0) {
      const both = flatten(this.#chains, this.#bases, everything);
      return both.trouble !== ''
        ? both.trouble
        : { format: 'nft', default: both.default, rules: both.rules, notes: this.#notes };
    }
    const [four, six] = [this.#family('ip', everything4), this.#family('ip6', everything6)];
    if (four.trouble + six.trouble !== '') return four.trouble || six.trouble;
    const rules: ImportedRule[] = [...four.rules, ...six.rules];
    if (six.default !== four.default)
      rules.push({ action: six.default, shape: everything6, description: 'The policy of IPv6' });
    return { format: 'nft', default: four.default, rules, notes: this.#notes };
  }

  #family(family: 'ip' | 'ip6', whole: typeof everything4): Flat {
    const bases = this.#bases.filter((chain) => chain.family === 'inet' || chain.family === family);
    return bases.length === 0 ? { rules: [], default: 'ALLOW', trouble: '' } : flatten(this.#chains, bases, whole);
  }

  #declare({ chain, set, map }: Plain): void {
    for (const named of [set, map]) {
      if (!isPlain(named)) continue;
      this.#sets.set(keyOf(named, textOf(named.name)), Array.isArray(named.elem) ? named.elem : []);
    }
    if (!isPlain(chain)) return;
    const name = keyOf(chain, textOf(chain.name));
    this.#chains.set(name, []);
    if (chain.type !== 'filter' || chain.hook !== 'input') {
      if (chain.hook === 'prerouting' && chain.type === 'filter')
        this.#notes.push({
          where: `chain ${name}`,
          text: '',
          says: 'it stands before input and may refuse, too; it was not read',
        });
      return;
    }
    const policy = chain.policy === 'drop' ? 'DENY' : 'ALLOW';
    this.#bases.push({ name, policy, family: textOf(chain.family), priority: Number(chain.prio) || 0 });
  }

  /** Chains that packets to this machine can come to: only what stands there is of interest. */
  #reachedChains(): ReadonlySet<string> {
    const called = new Map<string, Set<string>>();
    for (const { rule, map } of this.#items)
      for (const holder of [rule, map]) {
        if (!isPlain(holder)) continue;
        const from = keyOf(holder, textOf(holder.chain ?? holder.name));
        const targets = called.get(from) ?? new Set();
        for (const target of targetsIn(holder.expr ?? holder.elem)) targets.add(keyOf(holder, target));
        for (const name of mapsIn(holder.expr)) targets.add(keyOf(holder, name));
        called.set(from, targets);
      }
    const reached = new Set<string>();
    const waiting = this.#bases.map(({ name }) => name);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (reached.has(name)) continue;
      reached.add(name);
      waiting.push(...(called.get(name) ?? []));
    }
    return reached;
  }

  #rule(rule: Plain, reached: ReadonlySet<string>): void {
    const chain = keyOf(rule, textOf(rule.chain));
    const where = `chain ${chain} handle ${String(rule.handle ?? '?')}`;
    const text = JSON.stringify(rule.expr ?? []).slice(0, 200);
    if (!reached.has(chain)) {
      this.#notes.push({ where, text, says: 'the chain does not say who may connect to this machine' });
      return;
    }
    const family = textOf(rule.family);
    const read = new NftRule(
      (name) => this.#sets.get(keyOf(rule, name)) ?? null,
      (name) => keyOf(rule, name),
      family,
    );
    const found = read.read(Array.isArray(rule.expr) ? rule.expr : [], textOf(rule.comment));
    if (typeof found === 'string') this.#notes.push({ where, text, says: found });
    else {
      this.#chains.get(chain)?.push(...found);
      for (const says of read.remarks) this.#notes.push({ where, text, says });
    }
  }
}

function keyOf(holder: Plain, name: string): string {
  return `${textOf(holder.family)} ${textOf(holder.table)} ${name}`;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names of chains that an expression jumps or goes to, however deep they stand; depth is that of the JSON, which is bounded. */
function targetsIn(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > 40) return [];
  if (Array.isArray(value)) return value.flatMap((item) => targetsIn(item, depth + 1));
  return Object.entries(value).flatMap(([key, item]) => {
    if ((key === 'jump' || key === 'goto') && isPlain(item)) return [textOf(item.target)];
    return targetsIn(item, depth + 1);
  });
}

function mapsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return value.startsWith('@') ? [value.slice(1)] : [];
  if (typeof value !== 'object' || value === null || depth > 40) return [];
  return Object.values(value).flatMap((item) => mapsIn(item, depth + 1));
}
