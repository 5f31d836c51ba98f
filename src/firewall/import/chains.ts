// Chains that call chains, as iptables and nftables have them, laid out as one list in which the first match wins.

import type { Shape } from '../algebra-space.ts';
import type { Action } from '../rule.ts';
import { type ImportedRule, intersect, maxImported } from './model.ts';

/** What a rule of a chain does with the packets of its shapes. */
export type ChainVerdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'pass' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

/** One rule of a chain: it speaks where one of its shapes matches. */
export interface ChainRule {
  readonly shapes: readonly Shape[];
  readonly verdict: ChainVerdict;
  readonly description: string;
}

/** A chain that packets enter by themselves; accepted ones go on to the next base chain. */
export interface BaseChain {
  readonly name: string;
  readonly policy: Action;
}

const maxDepth = 32;

/** A list of rules, and what happens to packets that none of them names; or why the chains cannot be one, in `trouble`. */
export interface Flat {
  readonly rules: ImportedRule[];
  readonly default: Action;
  readonly trouble: string;
}

/** The rules that the chains are for the packets of `whole`. */
export function flatten(
  chains: ReadonlyMap<string, readonly ChainRule[]>,
  bases: readonly BaseChain[],
  whole: Shape,
): Flat {
  const layout = new Layout(chains);
  const isDecided = bases.length > 0 && layout.enter(bases, 0, whole);
  // One base chain ends in its policy, which is our default; after several, what is left is said by one more rule.
  if (bases.length > 1 && !isDecided) layout.end(bases, 0, whole);
  const { rules, trouble } = layout;
  const last = rules.at(-1);
  if (last === undefined || !holdsAll(last.shape, whole))
    return { rules, default: bases[0]?.policy ?? 'ALLOW', trouble };
  // A last rule about everything is what we call the default.
  return { rules: rules.slice(0, -1), default: last.action, trouble };
}

/** What becomes of packets after the chain in hand. */
type Then = (shape: Shape) => void;

class Layout {
  readonly rules: ImportedRule[] = [];
  trouble = '';
  readonly #chains: ReadonlyMap<string, readonly ChainRule[]>;

  constructor(chains: ReadonlyMap<string, readonly ChainRule[]>) {
    this.#chains = chains;
  }

  /** Packets enter base chain `index`; true where none of them is left for its policy. */
  enter(bases: readonly BaseChain[], index: number, shape: Shape): boolean {
    return this.#walk(bases[index]?.name ?? '', 0, shape, (rest) => this.end(bases, index, rest), bases, index, 0);
  }

  /** Packets have come to the end of base chain `index`: its policy decides. */
  end(bases: readonly BaseChain[], index: number, shape: Shape): void {
    const { policy } = bases[index]!;
    if (policy === 'DENY') this.#say('DENY', shape, '');
    else this.#accept(bases, index, shape, '');
  }

  /** Accepted by base chain `index`: on to the next, or in. */
  #accept(bases: readonly BaseChain[], index: number, shape: Shape, description: string): void {
    if (index + 1 >= bases.length) this.#say('ALLOW', shape, description);
    else if (!this.enter(bases, index + 1, shape)) this.end(bases, index + 1, shape);
  }

  #say(action: Action, shape: Shape, description: string): void {
    if (this.rules.length >= maxImported)
      this.trouble = `its chains are more than ${maxImported.toLocaleString('en-US')} rules when they are laid out`;
    else this.rules.push({ action, shape, description });
  }

  /**
   * Lays out a chain from rule `at` on for the packets of `shape`; `then` is where packets go that come back from it early. True
   * where nothing of them comes to its end.
   */
  #walk(
    chain: string,
    at: number,
    shape: Shape,
    then: Then,
    bases: readonly BaseChain[],
    index: number,
    depth: number,
  ): boolean {
    if (depth > maxDepth) this.trouble = `its chains call each other more than ${maxDepth} deep`;
    if (this.trouble !== '') return true;
    const rules = this.#chains.get(chain) ?? [];
    for (let number = at; number < rules.length; number++) {
      const { shapes, verdict, description } = rules[number]!;
      for (const own of shapes) {
        const common = intersect(shape, own);
        if (common === null) continue;
        // Because a list has no way back, what returns early is given the rest of its way at once, for its packets alone.
        const rest: Then = (returned) => {
          if (!this.#walk(chain, number + 1, returned, then, bases, index, depth)) then(returned);
        };
        let isDecided = verdict.kind !== 'pass';
        if (verdict.kind === 'accept') this.#accept(bases, index, common, description);
        else if (verdict.kind === 'drop') this.#say('DENY', common, description);
        else if (verdict.kind === 'return') then(common);
        else if (verdict.kind === 'jump')
          isDecided = this.#walk(verdict.chain, 0, common, rest, bases, index, depth + 1);
        else if (verdict.kind === 'goto' && !this.#walk(verdict.chain, 0, common, then, bases, index, depth + 1))
          then(common);
        if (isDecided && holdsAll(own, shape)) return true;
      }
    }
    return false;
  }
}

/** Whether a shape names everything of another, seen without reckoning: what comes after is then for nobody. */
function holdsAll(own: Shape, shape: Shape): boolean {
  const isEveryPort = own.ports.length === 1 && own.ports[0]!.first === 0 && own.ports[0]!.last === 65535;
  const isEverybody = shape.sources.every(({ family }) =>
    own.sources.some((cidr) => cidr.family === family && cidr.prefix === 0),
  );
  return own.protocol === 'ALL' && isEveryPort && isEverybody;
}
