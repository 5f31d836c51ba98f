// The laws of the house, each failing with the sentence that repairs it.

import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { joined } from '../src/base/catalogue.ts';
import { allReasons } from '../src/generation.ts';
import * as lists from './architecture-lists.ts';
import { type Import, readSources, type Source, type Token, targetOf, valueOf } from './source.ts';

const everything = readSources('src');
const sources = everything.filter(({ path }) => !path.endsWith('.test.ts'));
const tests = everything.filter(({ path }) => path.endsWith('.test.ts'));

/** Fails with the sentence that repairs, and the places that need it. */
function holds(breaches: readonly string[], repair: string): void {
  assert.ok(breaches.length === 0, `${repair}\n  ${breaches.join('\n  ')}`);
}

/** Breaches by file, without those of listed files; a listed file without a breach is one itself. */
function without(exceptions: lists.Exceptions, breaches: readonly (readonly [string, string])[]): string[] {
  const idle = Object.keys(exceptions).filter((path) => !breaches.some(([file]) => file === path));
  return [
    ...breaches.filter(([file]) => !Object.hasOwn(exceptions, file)).map(([file, says]) => `${file}${says}`),
    ...idle.map((path) => `${path} needs its exception no more: take it off the list in architecture-lists.ts`),
  ];
}

/** The room of a path: a folder of `src`, or the file itself where it stands directly in `src`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? path;
}

function floorOf(path: string): number {
  return lists.floors.findIndex((rooms) => rooms.includes(roomOf(path)));
}

/** The file named after its folder. */
function doorOf(room: string): string {
  return `src/${room}/${room}.ts`;
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly seen: Import;
}

/** Every import of one file of the project by another. */
const ways: readonly Way[] = sources.flatMap(({ path, imports }) =>
  imports
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map((seen) => ({ from: path, to: targetOf(path, seen.specifier), seen })),
);

const isSocketType = ({ seen }: { seen: Import }): boolean => seen.isType;

test('the house is read whole', () => {
  assert.ok(sources.length > 100 && tests.length > 40 && ways.length > 400, 'sources are missing: has `src` moved?');
});

test('law 0: every room has its place in the order', () => {
  const strangers = sources.filter(({ path }) => floorOf(path) < 0).map(({ path }) => path);
  holds(
    strangers,
    'Say in `floors` of architecture-lists.ts where this room stands, or move the file into one that is there.',
  );
});

test('law 1: a station never imports another station', () => {
  const stations = 2;
  const breaches = ways
    .filter(({ from, to }) => floorOf(from) === stations && floorOf(to) === stations && roomOf(from) !== roomOf(to))
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(
    breaches,
    'Let the spine (gateway.ts, generation.ts) carry it from one station to the other, or move what both need to base or traffic.',
  );
});

test('law 2: imports lead downwards', () => {
  const breaches = ways
    .filter(({ to }) => to.startsWith('src/'))
    .filter(({ from, to }) => floorOf(to) > floorOf(from))
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(breaches, 'Hand it in as an argument, or describe what is needed by an interface in the lower room.');
});

test('law 2: base and traffic import nothing of Node and no package', () => {
  const breaches = sources
    .filter(({ path }) => floorOf(path) < 2)
    .flatMap(({ path, imports }) => imports.map(({ specifier, line }) => ({ path, specifier, line })))
    .filter(({ specifier }) => !specifier.startsWith('.'))
    .map(({ path, specifier, line }) => `${path}:${line} imports ${specifier}`);
  holds(breaches, 'Tools and records know no world: hand in what it needs.');
});

test('law 2: nothing outside a folder imports past its door', () => {
  const breaches = ways
    .filter(({ from, to }) => to.startsWith('src/') && roomOf(from) !== roomOf(to) && floorOf(to) >= 2)
    .filter(
      ({ to }) => roomOf(to) !== to.slice('src/'.length) && to !== doorOf(roomOf(to)) && to !== 'src/cli/command.ts',
    )
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(breaches, 'Import it from the door (the file named after the folder), and let the door export it.');
});

test('law 2: nothing leads out of src', () => {
  const breaches = ways
    .filter(({ to }) => !to.startsWith('src/'))
    .map(({ from, to, seen }) => [from, `:${seen.line} imports ${to}`] as const);
  holds(without(lists.outside, breaches), 'What the gate needs belongs into src.');
});

test('law 2: every import ends in a file that is there', () => {
  const known = new Set(everything.map(({ path }) => path));
  const breaches = ways
    .filter(({ to }) => to.startsWith('src/') && !known.has(to))
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}, which is not there`);
  holds(breaches, 'Write the import with its ending .ts, to a file that exists.');
});

test('law 2: there are no cycles, type imports included', () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of ways) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  holds(cycles, 'Move what both need into a file below them, or describe one to the other by an interface.');
});

test('law 2: every station has a door with a table of reasons', () => {
  const [, , stations] = lists.floors;
  const doors = stations!.filter((room) => room !== 'config').map(doorOf);
  const missing = doors.filter((door) => !sources.some(({ path }) => path === door));
  holds(missing, 'A station is entered by the file named after its folder.');
});

test('law 3: in the WAF families of words never know each other', () => {
  const familyOf = (path: string): string => {
    const name = path.split('/').at(-1)!.split(/[-.]/)[0]!;
    return name === 'script' ? 'html' : name;
  };
  const breaches = ways
    .filter(({ from, to }) => isDetector(from) && isDetector(to))
    .filter(({ from, to }) => familyOf(from) !== familyOf(to) && familyOf(to) !== 'detection')
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(breaches, 'What two families need belongs into waf/classes.ts or waf/detectors/detection.ts.');
});

test('law 3: words know nothing of the WAF around them', () => {
  const breaches = ways
    .filter(({ from, to }) => isWord(from) && !isWord(to) && to !== 'src/waf/classes.ts' && floorOf(to) > 1)
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(breaches, 'A detector or decoding is handed a text and says what it is: give it what it needs as an argument.');
});

test('law 3: the language knows no words, words of one family none of another, and the program looks nothing up by name', () => {
  const room = (path: string): string => path.split('/').slice(0, 3).join('/');
  const allowed: Readonly<Record<string, readonly string[]>> = {
    'src/waf/language': [],
    'src/waf/transformations': ['src/waf/marks.ts', 'src/waf/codes.ts'],
    'src/waf/operators': ['src/waf/marks.ts'],
    'src/waf/variables': [],
    'src/waf/actions': ['src/waf/variables'],
    'src/waf/program': lists.families.concat('src/waf/transaction', 'src/waf/marks.ts', 'src/waf/codes.ts'),
    'src/waf/transaction': lists.families.concat('src/waf/program', 'src/waf/bodies'),
  };
  const breaches = ways
    .filter(({ from }) => Object.hasOwn(allowed, room(from)))
    .filter(
      ({ from, to }) =>
        room(from) !== room(to) && to.startsWith('src/waf/') && !allowed[room(from)]!.includes(room(to)),
    )
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  const cousins = ways
    .filter(({ from, to }) => lists.families.includes(room(from)) && room(from) === room(to))
    .filter(({ to }) => !lists.kin.includes(to))
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  const words = ways
    .filter(
      ({ from, to }) =>
        room(from) === 'src/waf/program' && lists.families.includes(room(to)) && !lists.kin.includes(to),
    )
    .map(({ from, to, seen }) => `${from}:${seen.line} imports ${to}`);
  holds(
    [...breaches, ...cousins, ...words],
    'Names are resolved in waf/compile alone: hand in what is needed, or move what a family shares into its file in `kin`.',
  );
});

function isDetector(path: string): boolean {
  return path.startsWith('src/waf/detectors/');
}

function isWord(path: string): boolean {
  return isDetector(path) || path.startsWith('src/waf/decodings/');
}

test('law 4: only the rim holds the world', () => {
  const breaches: string[] = [];
  for (const { path, imports } of sources)
    for (const seen of imports) {
      if (!Object.hasOwn(lists.rim, seen.specifier) || isSocketType({ seen })) continue;
      const names = seen.names.filter(({ name, isType }) => !isType && !lists.harmlessNames.has(name));
      if (seen.names.length > 0 && names.length === 0) continue;
      if (lists.rim[seen.specifier]!.some((place) => path === place || (place.endsWith('/') && path.startsWith(place))))
        continue;
      breaches.push(`${path}:${seen.line} imports ${seen.specifier}`);
    }
  holds(
    breaches,
    'Sockets belong to ports, tls, http and proxy, files to config, observe and tls: hand in a reader or a socket.',
  );
});

test('law 4: the WAF, rates and the firewall know nothing of Node', () => {
  const blind = ['waf', 'rates', 'firewall', 'connections'];
  const breaches = sources
    .filter(({ path }) => blind.includes(roomOf(path)) && path !== lists.kernelRim)
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier }) => !specifier.startsWith('.') && specifier !== 'node:buffer')
        .map((seen) => `${path}:${seen.line} imports ${seen.specifier}`),
    );
  holds(breaches, 'These stations decide and touch nothing: hand in what they need.');
});

test('law 4: packages are few, and each has its place', () => {
  const breaches: string[] = [];
  for (const { path, imports } of sources)
    for (const { specifier, line } of imports)
      if (
        !specifier.startsWith('.') &&
        !specifier.startsWith('node:') &&
        !lists.packages[specifier]?.some((room) => path.startsWith(room))
      )
        breaches.push(`${path}:${line} imports ${specifier}`);
  holds(
    breaches,
    'Do without the package, or list it in architecture-lists.ts and give its reason in ARCHITECTURE.md.',
  );
});

/** Whether the token is the global of that name, called or read: no property, no key, no name of our own. */
function isGlobal(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  const after = tokens[index + 1]?.text;
  if (before?.text === '.' || before?.text === '#') return false;
  return after === '.' || after === '(' || after === ';' || after === ',' || after === ')';
}

/** Where a source uses something ambient: a `name`, a `name.property`, or `new name()` without an argument. */
function usesOf(source: Source, word: string): number[] {
  const { tokens, imports } = source;
  const lines: number[] = [];
  const isImported = (name: string) => imports.some(({ names }) => names.some((found) => found.name === name));
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index]!;
    if (token.kind !== 'word') continue;
    const [name, property] = word.split('.');
    if (word === 'new Date') {
      const isNow = token.text === 'Date' && tokens[index - 1]?.text === 'new' && tokens[index + 2]?.text === ')';
      if (isNow) lines.push(token.line);
    } else if (property !== undefined) {
      if (token.text === name && tokens[index + 1]?.text === '.' && tokens[index + 2]?.text === property)
        lines.push(token.line);
    } else if (token.text === name && isGlobal(tokens, index)) {
      const isOwn = name === 'process' && (isLocal(tokens, name) || isImported(name));
      if (!isOwn || source.path === 'src/main.ts') lines.push(token.line);
    }
  }
  return lines;
}

/** Whether a file has a parameter, variable or type member of this name, and means that. */
function isLocal(tokens: readonly Token[], name: string): boolean {
  return tokens.some(
    (token, index) => token.text === name && (tokens[index - 1]?.text === 'const' || tokens[index + 1]?.text === ':'),
  );
}

for (const [word, exceptions] of Object.entries(lists.ambient))
  test(`law 5: ${word} is an argument`, () => {
    const breaches = sources.flatMap((source) =>
      usesOf(source, word).map((line) => [source.path, `:${line} uses ${word}`] as const),
    );
    holds(
      without(exceptions, breaches),
      'Take it as an argument: a `Clock` (base/clock.ts), a `Timekeeper`, a `World`, or a function.',
    );
  });

test('law 5: what meets traffic is matched by hand, or in waf/regex', () => {
  const breaches = sources
    .filter(({ path }) => !path.startsWith('src/waf/regex/') && !['cli', 'config'].includes(roomOf(path)))
    .flatMap(({ path, tokens }) =>
      tokens
        .filter(({ kind, text }) => kind === 'regex' || text === 'RegExp')
        .map(({ line, text }) => [path, `:${line} has the pattern ${text}`] as const),
    );
  holds(
    without(lists.patterns, breaches),
    'Scan it by hand in one pass, or let waf/regex make a matcher that cannot run for ever.',
  );
});

test('law 6: a map that lives longer than a call is a Bounded, or is bounded otherwise', () => {
  const kinds = ['Map', 'Set', 'WeakMap', 'WeakSet'];
  const breaches = sources.flatMap(({ path, tokens }) =>
    tokens
      .filter(
        (token, index) => kinds.includes(token.text) && tokens[index - 1]?.text === 'new' && isField(tokens, index),
      )
      .map(({ line }) => [path, `:${line}`] as const),
  );
  holds(
    without(lists.maps, breaches),
    'Use base/bounded.ts, or list the file in architecture-lists.ts with what bounds it.',
  );
});

/** Whether `new` before this token fills a field of a class: `#name = new Map`, with a type or without. */
function isField(tokens: readonly Token[], index: number): boolean {
  const line = tokens[index]!.line;
  let first = index;
  while (first > 0 && tokens[first - 1]!.line === line) first--;
  const word = tokens[first]!;
  return word.depth === 1 && (word.text === 'readonly' || word.text.startsWith('#'));
}

test('law 7: no module has state or does anything by being imported', () => {
  const declarations = [
    'import',
    'export',
    'const',
    'function',
    'class',
    'interface',
    'type',
    'async',
    'abstract',
    'declare',
  ];
  const breaches: [string, string][] = [];
  for (const { path, tokens } of sources)
    for (const [index, token] of tokens.entries()) {
      if (token.depth > 0 || token.column !== 1 || ')]}'.includes(token.text[0]!)) continue;
      const word = token.text === 'export' ? tokens[index + 1]!.text : token.text;
      if (token.kind !== 'word' || word === 'let' || word === 'var' || !declarations.includes(token.text))
        breaches.push([path, `:${token.line} begins with \`${token.text} ${tokens[index + 1]?.text ?? ''}\``]);
    }
  holds(
    without(lists.effects, breaches),
    'State belongs to a class that `build` makes; whatever is to happen belongs into a function.',
  );
});

const changing = [
  'set',
  'add',
  'delete',
  'clear',
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'fill',
  'copyWithin',
  'sort',
  'reverse',
];

test('law 7: what stands at the top of a module never changes', () => {
  const breaches: string[] = [];
  for (const { path, tokens } of sources) {
    const tops = new Set(tokens.filter((_, index) => isTopConstant(tokens, index)).map(({ text }) => text));
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== 'word' || token.depth === 0 || !tops.has(token.text) || tokens[index - 1]?.text === '.')
        continue;
      const isChanged =
        tokens[index + 1]?.text === '.' &&
        changing.includes(tokens[index + 2]?.text ?? '') &&
        tokens[index + 3]?.text === '(';
      if (isChanged) breaches.push(`${path}:${token.line} changes ${token.text}`);
    }
  }
  holds(breaches, 'Make it a field of whoever changes it.');
});

function isTopConstant(tokens: readonly Token[], index: number): boolean {
  return tokens[index]!.depth === 0 && tokens[index - 1]?.text === 'const';
}

test('law 8: stations that judge never throw', () => {
  const judging = ['waf', 'http', 'firewall', 'proxy'];
  const breaches = sources
    .filter(({ path }) => judging.includes(roomOf(path)))
    .flatMap(({ path, tokens }) =>
      tokens
        .filter(({ text, kind }) => kind === 'word' && text === 'throw')
        .map(({ line }) => `${path}:${line} throws`),
    );
  holds(breaches, 'Give a verdict or a `Fault`: what fails while traffic waits is refused with a why, not thrown.');
});

test('law 9: two tables with one word stop the start', () => {
  assert.throws(() => joined({ 'a/b': 1 }, { 'a/b': 2 }), /two tables have a row for a\/b/);
  assert.ok(Object.keys(allReasons()).length > 60);
});

/** Every `station/slug` in the sources, with what stands around it. */
interface Slug {
  readonly path: string;
  readonly line: number;
  readonly word: string;
  /** Whether it is a row of a table. */
  readonly isRow: boolean;
  /** `code` where it is the code of a problem of the settings, otherwise what it is handed to. */
  readonly context: string;
}

const telling = ['answer', 'close', 'Fault', 'Failure', 'refuse', 'destroy', 'closeGently'];

function slugsOf(stations: readonly string[]): Slug[] {
  const found: Slug[] = [];
  for (const { path, tokens } of sources)
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== 'string') continue;
      const word = valueOf(token);
      const [station, slug] = word.split('/');
      if (slug === undefined || word.split('/').length !== 2 || !stations.includes(station!) || !isSlug(slug)) continue;
      const isRow = tokens[index + 1]?.text === ':' && '{,'.includes(tokens[index - 1]!.text);
      found.push({ path, line: token.line, word, isRow, context: contextOf(tokens, index) });
    }
  return found;
}

function isSlug(text: string): boolean {
  return /^[a-z0-9.-]+$/.test(text);
}

/** The name before `:` or `=` where the token is given one; otherwise the function whose argument it is. */
function contextOf(tokens: readonly Token[], index: number): string {
  const before = tokens[index - 1]!;
  if (before.text === ':' || before.text === '=') {
    const named = tokens[index - 2]!;
    if (named.kind === 'word') return named.text;
  }
  let open = index - 1;
  while (open > 0 && (tokens[open]!.depth >= tokens[index]!.depth || tokens[open]!.text !== '(')) open--;
  return tokens[open - 1]?.text ?? '';
}

test('law 9: every why that can be told is a row of a table', () => {
  const rows = allReasons();
  const stations = [...new Set(Object.keys(rows).map((why) => why.split('/')[0]!))];
  const isTold = ({ context }: Slug) => telling.includes(context) || context === 'why' || context === 'endedWhy';
  const breaches = slugsOf(stations)
    .filter((slug) => !Object.hasOwn(rows, slug.word) && isTold(slug) && !lists.answerFaults.includes(slug.word))
    .map(({ path, line, word }) => `${path}:${line} tells ${word}`);
  holds(breaches, 'Give it a row in `reasons` of its station: what it means, and how it is let pass.');
});

test('law 9: every row of a table can be told', () => {
  const rows = allReasons();
  const stations = [...new Set(Object.keys(rows).map((why) => why.split('/')[0]!))];
  const told = new Set(
    slugsOf(stations)
      .filter(({ isRow }) => !isRow)
      .map(({ word }) => word),
  );
  const composed = composedSlugs(stations);
  const breaches = Object.keys(rows).filter((why) => !told.has(why) && !composed.has(why));
  holds(breaches, 'Nothing tells this reason: tell it, or take its row away.');
});

/** What templates such as `waf/${detector}` can become: each word of the station that is written there on its own. */
function composedSlugs(stations: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const station of stations) {
    const own = sources.filter(({ path }) => roomOf(path) === station);
    const isComposed = own.some(({ tokens }) =>
      tokens.some(({ kind, text }) => kind === 'template' && text === `\`${station}/\${`),
    );
    if (!isComposed) continue;
    for (const { tokens } of own)
      for (const token of tokens)
        if (token.kind === 'string' && isSlug(valueOf(token))) found.add(`${station}/${valueOf(token)}`);
  }
  return found;
}

test('law 9: a reason belongs to its station, and says what it means and how to allow it', () => {
  for (const [why, { says, allow }] of Object.entries(allReasons()))
    assert.ok(says.length > 10 && allow.length > 10, `${why}: write \`says\` and \`allow\` as sentences`);
});

test('law 9: faults of answers are still needed', () => {
  const used = new Set(slugsOf(['http']).map(({ word }) => word));
  holds(
    lists.answerFaults.filter((word) => !used.has(word)),
    'Nothing says this any more: take it off `answerFaults`.',
  );
});

test('law 10: one resolver says who the client is, one place who the peer is', () => {
  const breaches: string[] = [];
  for (const { path, tokens } of sources)
    for (const [index, token] of tokens.entries()) {
      const isRead = token.kind === 'string' && ['get', 'has', 'all'].includes(tokens[index - 2]?.text ?? '');
      const isClient = isRead && ['x-forwarded-for', 'forwarded', 'x-real-ip'].includes(valueOf(token));
      if (isClient && !['src/http/client.ts', 'src/proxy/hop-headers.ts'].includes(path))
        breaches.push(`${path}:${token.line} reads ${token.text}`);
      if (
        token.text === 'remoteAddress' &&
        !['src/admin/server.ts', 'src/gateway.ts', 'src/proxy/h2-upstream.ts', 'src/proxy/upstream.ts'].includes(path)
      )
        breaches.push(`${path}:${token.line} asks a socket for its peer`);
    }
  holds(breaches, 'Use `connection.peer` and `exchange.client`: gateway.ts and http/client.ts have found out already.');
});

const vague = [
  'index',
  'utils',
  'util',
  'helpers',
  'helper',
  'common',
  'misc',
  'manager',
  'service',
  'types',
  'shared',
  'lib',
];

test('style: files are called by what is in them', () => {
  const breaches = everything
    .map(({ path }) => path)
    .filter((path) => {
      const name = path
        .split('/')
        .at(-1)!
        .replace(/(\.test)?\.ts$/, '');
      return vague.includes(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    });
  holds(breaches, 'Name the file with a kebab-case noun for what it holds.');
});

test('style: the first lines of a file say in a sentence what it is', () => {
  const breaches = sources.filter(({ text }) => !beginsWithSentence(text)).map(({ path }) => path);
  holds(breaches, 'Begin the file with `// ` and one sentence that says what it is.');
});

function beginsWithSentence(text: string): boolean {
  const lines = text.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  const opening = lines.slice(0, end).map((line) => line.slice(3));
  return end > 0 && opening[0]!.length > 10 && /[.!?:](\s|$)/.test(opening.join(' '));
}

test('style: every exported function, class and constant has its contract', () => {
  const breaches = sources.flatMap((source) =>
    undocumentedOf(source).map(([name, line]) => [`${source.path}`, `:${line} ${name}`] as const),
  );
  holds(
    without(lists.undocumented, breaches),
    'Write `/** … */` before it: one sentence of what it means, its units, its errors.',
  );
});

/** Exports without a comment before them. Constants in one block (no blank line between) share the comment before the first. */
function undocumentedOf({ path, tokens, text }: Source): [string, number][] {
  const lines = text.split('\n');
  const found: [string, number][] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.text !== 'export' || token.depth > 0) continue;
    let name = index + 1;
    while (['async', 'abstract'].includes(tokens[name]!.text)) name++;
    if (!['function', 'class', 'const'].includes(tokens[name]!.text)) continue;
    if (isNumberWord(tokens, name + 1)) continue;
    if (tokens[name]!.text === 'const' && isFamily(path)) continue;
    let above = token.line - 2;
    if (tokens[name]!.text === 'const') while (above >= 0 && lines[above]!.startsWith('export const ')) above--;
    const comment = lines[above]?.trim() ?? '';
    if (!comment.endsWith('*/') && !comment.startsWith('//')) found.push([tokens[name + 1]!.text, token.line]);
  }
  return found;
}

/** Because words of SecLang carry their sentence as data (`says`), from which the manual is printed; tests hold that each has one. */
function isFamily(path: string): boolean {
  return lists.families.includes(path.split('/').slice(0, 3).join('/'));
}

/** Because the name of a number in capitals, one of a family, is all there is to say about it. */
function isNumberWord(tokens: readonly Token[], index: number): boolean {
  const value = tokens[index + 2]?.text ?? '';
  return tokens[index + 1]?.text === '=' && /^[A-Z][A-Z0-9_]+$/.test(tokens[index]!.text) && /^\d/.test(value);
}

test('style: files have at most 400 lines', () => {
  const breaches: string[] = [];
  for (const { path, text } of sources) {
    const count = text.split('\n').length - 1;
    const most = lists.longFiles[path]?.lines ?? 400;
    if (count > most) breaches.push(`${path} has ${count} lines of ${most}`);
    if (lists.longFiles[path] !== undefined && count <= 400) breaches.push(`${path} needs its exception no more`);
  }
  holds(breaches, 'Give the part that can be named a file of its own.');
});

test('style: nothing is left to do in a comment', () => {
  const breaches = everything.flatMap(({ path, comments }) =>
    comments.filter(({ text }) => /\b(TODO|FIXME|XXX|HACK)\b/.test(text)).map(({ line }) => `${path}:${line}`),
  );
  holds(breaches, 'Do it, or open an issue and say here what holds today.');
});

test('style: every source has a test beside it', () => {
  const breaches = sources
    .filter((source) => hasCode(source) && !isTested(source))
    .map(({ path }) => [path, ''] as const);
  holds(without(lists.untested, breaches), 'Write the table of cases that specifies it, in a test beside it.');
});

/** Whether anything is left when the types are stripped. */
function hasCode({ tokens }: Source): boolean {
  return tokens.some(({ text, depth }) => depth === 0 && ['const', 'function', 'class'].includes(text));
}

/** Whether a test stands beside it, or a test in its folder imports it. */
function isTested({ path }: Source): boolean {
  const isImported = ({ path: by, imports }: Source): boolean =>
    dirname(by) === dirname(path) &&
    imports.some(({ specifier }) => specifier.startsWith('.') && targetOf(by, specifier) === path);
  return tests.some((candidate) => candidate.path === path.replace(/\.ts$/, '.test.ts') || isImported(candidate));
}

test('style: tests stand beside what they test', () => {
  const homeless = tests
    .filter(({ path }) => !sources.some((source) => dirname(source.path) === dirname(path)))
    .map(({ path }) => path);
  holds(homeless, 'Move the test beside its source, or into test/ where it has none.');
});
