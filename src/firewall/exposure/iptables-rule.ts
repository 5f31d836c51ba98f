// One line of iptables-save in the statements that nft's JSON has for the same, so that a packet can be led through it.

import type { Json } from '../nftables/nftables.ts';
import type { Fields } from './ruleset.ts';

/** The statements of `-A CHAIN …` without those two words; what is not understood stays `xt`, which nobody can tell. `isChain` knows the table's own chains. */
export function statementsOf(words: readonly string[], family: 4 | 6, isChain: (name: string) => boolean): Fields[] {
  const reading = new Reading(words, family, isChain);
  return [...reading.matches, ...reading.target];
}

const ip = (family: 4 | 6): string => (family === 4 ? 'ip' : 'ip6');

function match(left: Json, right: Json, isNot: boolean): Fields {
  return { match: { op: isNot ? '!=' : '==', left, right } };
}

function foreign(type: 'match' | 'target', name: string): Fields {
  return { xt: { type, name } };
}

/** Where an option stands: which match it belongs to, and the words of its value. */
interface Option {
  readonly name: string;
  readonly isNot: boolean;
  readonly values: readonly string[];
}

class Reading {
  readonly matches: Fields[] = [];
  target: Fields[] = [];
  readonly #family: 4 | 6;
  readonly #isChain: (name: string) => boolean;
  #protocol = 'th';

  constructor(words: readonly string[], family: 4 | 6, isChain: (name: string) => boolean) {
    this.#family = family;
    this.#isChain = isChain;
    let module = '';
    let options: Option[] = [];
    const endModule = () => {
      if (module !== '') this.#module(module, options);
      module = '';
      options = [];
    };
    for (const option of optionsIn(words)) {
      const [value = ''] = option.values;
      if (option.name === '-m') {
        endModule();
        module = value;
      } else if (option.name === '-j' || option.name === '-g') {
        endModule();
        module = option.name === '-g' ? `-g ${value}` : `-j ${value}`;
      } else if (module !== '') options.push(option);
      else this.#plain(option, value);
    }
    endModule();
  }

  #plain({ name, isNot }: Option, value: string): void {
    const side = name === '-s' ? 'saddr' : 'daddr';
    if (name === '-s' || name === '-d')
      this.matches.push(match({ payload: { protocol: ip(this.#family), field: side } }, network(value), isNot));
    else if (name === '-p') this.#protocolIs(value, isNot);
    else if (name === '-i' || name === '-o') {
      const key = name === '-i' ? 'iifname' : 'oifname';
      // Because `+` at the end stands for any name that begins so, and nft writes `*` for it.
      this.matches.push(match({ meta: { key } }, value.endsWith('+') ? `${value.slice(0, -1)}*` : value, isNot));
    } else if (name !== '-c') this.matches.push(foreign('match', name));
  }

  #protocolIs(value: string, isNot: boolean): void {
    if (value === 'all') return;
    const number = Number(value);
    if (!isNot && (value === 'tcp' || value === 'udp')) this.#protocol = value;
    this.matches.push(match({ meta: { key: 'l4proto' } }, Number.isInteger(number) ? number : value, isNot));
  }

  #module(name: string, options: readonly Option[]): void {
    if (name.startsWith('-g ')) this.target = [{ goto: { target: name.slice(3) } }];
    else if (name.startsWith('-j ')) this.target = this.#targetOf(name.slice(3), options);
    else {
      const known = modules.get(name);
      const made = known === undefined ? null : options.map((option) => known(option, this.#protocol, this.#family));
      // Because a match of which a part is not understood is not understood.
      if (made === null || made.includes(null)) this.matches.push(foreign('match', name));
      else this.matches.push(...made.flatMap((each) => each ?? []));
    }
  }

  #targetOf(name: string, options: readonly Option[]): Fields[] {
    const value = (option: string) => options.find((each) => each.name === option)?.values[0];
    switch (name) {
      case 'ACCEPT':
      case 'DROP':
      case 'RETURN':
        return [{ [name.toLowerCase()]: null }];
      case 'REJECT':
        return [{ reject: null }];
      case 'NOTRACK':
        return [{ notrack: null }];
      case 'CT':
        return [options.some((each) => each.name === '--notrack') ? { notrack: null } : { counter: null }];
      case 'DNAT':
        return [translation('dnat', value('--to-destination')) ?? foreign('target', name)];
      case 'REDIRECT':
        return [translation('redirect', `:${value('--to-ports') ?? ''}`) ?? foreign('target', name)];
      case 'MASQUERADE':
      case 'SNAT':
        return [{ masquerade: null }];
      case 'MARK':
        return [marking({ meta: { key: 'mark' } }, value('--set-xmark'))];
      case 'CONNMARK':
        return [marking({ ct: { key: 'mark' } }, value('--set-xmark'))];
      default:
        return this.#isChain(name) ? [{ jump: { target: name } }] : [foreign('target', name)];
    }
  }
}

/** Options with their values: everything up to the next word that begins with `-`, a `!` before it being its own. */
function optionsIn(words: readonly string[]): Option[] {
  const options: { name: string; isNot: boolean; values: string[] }[] = [];
  let isNot = false;
  for (const [at, word] of words.entries()) {
    // Because what people wrote may look like an option, and is none.
    if (at > 0 && verbatim.has(words[at - 1]!)) options.at(-1)?.values.push(word);
    else if (word === '!') isNot = true;
    else if (isOption(word)) {
      options.push({ name: word, isNot, values: [] });
      isNot = false;
    } else options.at(-1)?.values.push(word);
  }
  return options;
}

/** Options whose value is any text. */
const verbatim: ReadonlySet<string> = new Set(['--comment', '--log-prefix', '--nflog-prefix']);

function isOption(word: string): boolean {
  return word.startsWith('--') || (word.length === 2 && word[0] === '-' && word[1]! >= 'a' && word[1]! <= 'z');
}

/** A match's option as statements (none where it changes nothing), or null where it is not understood. */
type Meaning = (option: Option, protocol: string, family: 4 | 6) => Fields[] | null;

const modules: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['tcp', portsMeaning],
  ['udp', portsMeaning],
  ['multiport', portsMeaning],
  ['comment', () => []],
  ['conntrack', stateMeaning],
  ['state', stateMeaning],
  ['addrtype', addressTypeMeaning],
  ['mark', ({ isNot, values }) => markMeaning(values[0] ?? '', isNot)],
  ['iprange', rangeMeaning],
  ['limit', ({ name }) => (name === '--limit' ? [{ limit: {} }] : [])],
  ['hashlimit', hashLimitMeaning],
  ['connlimit', connectionLimitMeaning],
  ['pkttype', ({ isNot, values }) => [match({ meta: { key: 'pkttype' } }, packetKind(values[0]), isNot)]],
]);

function portsMeaning({ name, isNot, values }: Option, protocol: string): Fields[] | null {
  const field = name === '--dport' || name === '--dports' ? 'dport' : 'sport';
  if (name === '--tcp-flags') return flagsMeaning(values, isNot);
  if (!['--dport', '--dports', '--sport', '--sports'].includes(name)) return null;
  const ports = (values[0] ?? '').split(',').map((text): Json | null => {
    const bounds = text.split(':').map((bound) => (bound === '' ? Number.NaN : Number(bound)));
    if (bounds.length > 2 || bounds.some((bound) => !Number.isInteger(bound))) return null;
    return bounds.length === 1 ? bounds[0]! : { range: bounds };
  });
  if (ports.includes(null)) return null;
  return [match({ payload: { protocol, field } }, { set: ports as Json[] }, isNot)];
}

/** `--tcp-flags MASK FLAGS`: of these flags exactly those are set. */
function flagsMeaning([mask = '', set = '']: readonly string[], isNot: boolean): Fields[] {
  const all = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'];
  const wordsOf = (text: string) =>
    text === 'ALL' ? all : text === 'NONE' ? [] : text.split(',').map((word) => word.toLowerCase());
  const left = { '&': [{ payload: { protocol: 'tcp', field: 'flags' } }, wordsOf(mask)] };
  return [match(left, wordsOf(set), isNot)];
}

function stateMeaning({ name, isNot, values }: Option): Fields[] | null {
  const words = (values[0] ?? '').split(',').map((word) => word.toLowerCase());
  // Because what begins a connection goes the way it began.
  if (name === '--ctdir') return words[0] === 'original' ? [] : [match({ ct: { key: 'direction' } }, 'reply', isNot)];
  if (name !== '--ctstate' && name !== '--state') return null;
  const isOfNat = (word: string) => word === 'dnat' || word === 'snat';
  if (words.every(isOfNat)) return [match({ ct: { key: 'status' } }, { set: words }, isNot)];
  return words.some(isOfNat) ? null : [match({ ct: { key: 'state' } }, { set: words }, isNot)];
}

function addressTypeMeaning({ name, isNot, values }: Option, _: string, family: 4 | 6): Fields[] | null {
  const flags = name === '--dst-type' ? 'daddr' : name === '--src-type' ? 'saddr' : null;
  if (flags === null) return null;
  const types = (values[0] ?? '').split(',').map((word) => word.toLowerCase());
  if (family === 4) return [match({ fib: { result: 'type', flags: [flags] } }, { set: types }, isNot)];
  // Because for IPv6 every address that connections go to is unicast, a local one too (xt_addrtype's `match_type6`).
  const others = types.filter((type) => type !== 'unicast');
  if (others.length === 0) return [match({ meta: { key: 'nfproto' } }, 'ipv6', isNot)];
  return [match({ fib: { result: 'type', flags: [flags] } }, { set: others }, isNot)];
}

function markMeaning(text: string, isNot: boolean): Fields[] | null {
  const [value, mask] = text.split('/').map(Number);
  if (value === undefined || Number.isNaN(value) || (mask !== undefined && Number.isNaN(mask))) return null;
  const mark: Json = { meta: { key: 'mark' } };
  return [match(mask === undefined ? mark : { '&': [mark, mask] }, value, isNot)];
}

function rangeMeaning({ name, isNot, values }: Option, _: string, family: 4 | 6): Fields[] | null {
  const field = name === '--src-range' ? 'saddr' : name === '--dst-range' ? 'daddr' : null;
  const bounds = (values[0] ?? '').split('-');
  if (field === null || bounds.length > 2) return null;
  const right: Json = { range: [bounds[0]!, bounds[1] ?? bounds[0]!] };
  return [match({ payload: { protocol: ip(family), field } }, right, isNot)];
}

function hashLimitMeaning({ name }: Option): Fields[] {
  if (name === '--hashlimit-above') return [{ limit: { inv: true } }];
  return [];
}

function connectionLimitMeaning({ name, isNot }: Option): Fields[] {
  if (name === '--connlimit-above') return isNot ? [] : [{ 'ct count': { inv: true } }];
  return [];
}

function packetKind(word: string | undefined): string {
  return word === 'unicast' ? 'host' : (word ?? '');
}

/** `10.0.0.0/8` as nft writes it, or the address alone. */
function network(text: string): Json {
  const [addr = '', length] = text.split('/');
  if (length === undefined || (length === '32' && !addr.includes(':')) || length === '128') return addr;
  return { prefix: { addr, len: Number(length) } };
}

/** `172.17.0.2:80`, `[fd00::2]:80`, `:8080-8090`, `10.0.0.1-10.0.0.9`; null for what is none of these. */
function translation(word: 'dnat' | 'redirect', text: string | undefined): Fields | null {
  if (text === undefined) return null;
  const isBracketed = text.startsWith('[');
  const close = isBracketed ? text.indexOf(']') : -1;
  const colon = isBracketed ? text.indexOf(':', close) : text.split(':').length === 2 ? text.indexOf(':') : -1;
  const addresses = isBracketed ? text.slice(1, close) : colon < 0 ? text : text.slice(0, colon);
  const ports = colon < 0 ? '' : text.slice(colon + 1);
  // The first of several: where it leads is then one of them, and our rules are asked about the port that was called.
  const [address = ''] = addresses.split('-');
  const port = Number(ports.split('-')[0]!.split('/')[0]);
  if (ports !== '' && !Number.isInteger(port)) return null;
  const addr = address === '' ? {} : { addr: address };
  return { [word]: { ...addr, ...(ports === '' ? {} : { port }) } };
}

/** `0x1/0xffffffff` sets the whole mark; of a part of it only the kernel knows what the whole is. */
function marking(key: Json, text: string | undefined): Fields {
  const [value = Number.NaN, mask = Number.NaN] = (text ?? '').split('/').map(Number);
  const isWhole = Number.isInteger(value) && (mask === 0xffff_ffff || value === mask);
  return { mangle: { key, value: isWhole && mask === 0xffff_ffff ? value : null } };
}
