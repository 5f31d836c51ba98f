// A rule set from its files: directives in their order, rules numbered by phase, or every problem and nothing loaded.

import { atOnce, type Pieces } from '../../base/in-pieces.ts';
import { nearest } from '../../base/problem.ts';
import { type Draft, isFault, type RuleChoice } from '../actions/action.ts';
import { idsOf, patternOf } from '../actions/ctl.ts';
import { type Directive, Piece, readDirectives, SourceFile } from '../language/source.ts';
import type { Trouble } from '../language/trouble.ts';
import type { EngineSettings, Program } from '../program/program.ts';
import type { Phase } from '../variables/variable.ts';
import { Compiler, type CompilerTools } from './compiler.ts';
import { link } from './link.ts';
import {
  applyActions,
  compileOperator,
  emptyDraft,
  type PendingLink,
  type PendingRule,
  type Step,
  targetsOf,
} from './rule.ts';
import { defaultSettings, settingDirectives } from './settings.ts';
import { compileTargets } from './targets.ts';
import { language } from './words.ts';

/** A rule set, or what is wrong with its files; warnings do not stop it. */
export type Loaded =
  | { readonly ok: true; readonly program: Program; readonly warnings: readonly Trouble[] }
  | { readonly ok: false; readonly troubles: readonly Trouble[] };

/** One source of rules: a file to read, or text of our own under a name. */
export type Source = { readonly file: string } | { readonly name: string; readonly text: string };

/** Includes within includes, and files at most. */
const maxDepth = 32;
const maxFiles = 5000;

/** Loads the sources in their order, a directive a piece. Opens no file but through `tools.files`. */
export function* loading(
  sources: readonly Source[],
  tools: CompilerTools,
  settings: Partial<EngineSettings> = {},
): Pieces<Loaded> {
  const loader = new Loader(tools, { ...defaultSettings(), ...settings });
  for (const source of sources) {
    if ('file' in source) yield* loader.include(source.file, null);
    else yield* loader.read(new SourceFile(source.name, source.text), 0);
  }
  return loader.finish();
}

/** The same at once. */
export function load(sources: readonly Source[], tools: CompilerTools, settings: Partial<EngineSettings> = {}): Loaded {
  return atOnce(loading(sources, tools, settings));
}

class Loader {
  readonly #compiler: Compiler;
  readonly #settings: EngineSettings;
  readonly #steps: Step[] = [];
  readonly #ids = new Map<number, Piece>();
  readonly #defaults = new Map<Phase, Draft>();
  readonly #files: string[] = [];
  /** The rule whose chain goes on, or null. */
  #open: PendingRule | null = null;

  constructor(tools: CompilerTools, settings: EngineSettings) {
    this.#compiler = new Compiler(language(), tools);
    this.#settings = settings;
  }

  /** Reads a file, or those that a pattern names. */
  *include(pattern: string, from: Piece | null, depth = 0, isOptional = false): Pieces<void> {
    const { files } = this.#compiler.tools;
    const names = files.list(pattern);
    const place = from ?? wholeFile(pattern);
    if (names.length === 0 && !isOptional)
      this.#compiler.fault(
        place,
        `no file is called ${pattern}`,
        'name a file that is there, or write IncludeOptional',
      );
    for (const name of names) {
      if (depth > maxDepth || this.#files.length >= maxFiles) {
        this.#compiler.fault(place, `too many files include each other at ${name}`, 'does a file include itself?');
        return;
      }
      const text = files.read(name);
      if (text === null) this.#compiler.fault(place, `the file ${name} cannot be read`, 'let the gate read it');
      else yield* this.read(new SourceFile(name, text), depth);
    }
  }

  *read(file: SourceFile, depth: number): Pieces<void> {
    this.#files.push(file.name);
    for (const directive of readDirectives(file, this.#compiler.troubles)) {
      yield* this.#directive(directive, file, depth);
      yield;
    }
    this.#closeChain();
  }

  *#directive({ name, words }: Directive, file: SourceFile, depth: number): Pieces<void> {
    const key = name.text.toLowerCase();
    if (key !== 'secrule' && key !== 'secaction' && this.#open !== null) this.#closeChain();
    const known = Object.hasOwn(this.#own, key) ? this.#own[key]! : null;
    if (key === 'include' || key === 'includeoptional')
      yield* this.#include(words, name, file, depth, key === 'includeoptional');
    else if (known !== null) known(words, name, file);
    else if (Object.hasOwn(settingDirectives, key))
      settingDirectives[key]![1](this.#settings, words, name, this.#compiler);
    else {
      const names = [...Object.values(settingDirectives).map(([spelled]) => spelled), ...ownNames];
      const near = nearest(name.text, names);
      this.#compiler.fault(
        name,
        `there is no directive ${name.text}`,
        near === null ? 'docs/seclang.md lists all directives' : `did you mean ${near}?`,
      );
    }
  }

  readonly #own: Readonly<Record<string, (words: readonly Piece[], name: Piece, file: SourceFile) => void>> = {
    secrule: (words, name, file) => this.#rule(words, name, file),
    secaction: (words, name, file) => this.#action(words, name, file),
    secmarker: (words, name) => {
      if (words[0] === undefined) this.#compiler.fault(name, 'a SecMarker has no name', 'write SecMarker END-CHECK');
      else this.#steps.push({ marker: words[0].text });
    },
    secdefaultaction: (words, name) => this.#defaultAction(words, name),
    secruleremovebyid: (words, name) => this.#remove(name, idsOf(words.map(({ text }) => text).join(' ')), words[0]),
    secruleremovebytag: (words, name) => this.#remove(name, this.#choice('tag', words), words[0]),
    secruleremovebymsg: (words, name) => this.#remove(name, this.#choice('msg', words), words[0]),
    secruleupdatetargetbyid: (words, name) =>
      this.#updateTarget(words, name, idsOf(words[0]?.text.split(':')[0] ?? '')),
    secruleupdatetargetbytag: (words, name) => this.#updateTarget(words, name, this.#choice('tag', words)),
    secruleupdatetargetbymsg: (words, name) => this.#updateTarget(words, name, this.#choice('msg', words)),
    secruleupdateactionbyid: (words, name) => this.#updateAction(words, name),
    secunicodemapfile: (words, name, file) => this.#unicodeMap(words, name, file),
    secgeolookupdb: (words, name, file) => this.#geoDatabase(words, name, file),
  };

  *#include(words: readonly Piece[], name: Piece, file: SourceFile, depth: number, isOptional: boolean): Pieces<void> {
    if (words[0] === undefined) this.#compiler.fault(name, 'Include names no file', 'write Include rules/*.conf');
    else {
      const path = this.#compiler.tools.files.resolve(file.name, words[0].text);
      yield* this.include(path, words[0], depth + 1, isOptional);
    }
  }

  #rule(words: readonly Piece[], name: Piece, file: SourceFile): void {
    const [targets, operator, actions] = words;
    if (targets === undefined || operator === undefined || words.length > 3) {
      this.#compiler.fault(
        name,
        `SecRule has ${words.length} words`,
        'write SecRule TARGETS "@operator argument" "actions"',
      );
      return;
    }
    const draft = this.#draft(actions, name);
    const phase = this.#phaseOf(draft);
    const asks = compileOperator(operator, file.name, this.#compiler);
    const found = targetsOf(targets, phase, this.#compiler);
    const none = {
      operator: 'noMatch',
      argument: '',
      isNegated: false,
      matcher: { test: () => false },
      comparison: null,
    };
    this.#add({ ...found, asks: asks ?? none, draft }, name, phase);
  }

  #action(words: readonly Piece[], name: Piece, _file: SourceFile): void {
    if (words.length !== 1) {
      this.#compiler.fault(name, `SecAction has ${words.length} words`, 'write SecAction "actions"');
      return;
    }
    const draft = this.#draft(words[0], name);
    const asks = { operator: 'unconditionalMatch', argument: '', isNegated: false, matcher: null, comparison: null };
    this.#add({ targets: [], exclusions: [], asks, draft }, name, this.#phaseOf(draft));
  }

  #draft(actions: Piece | undefined, name: Piece): Draft {
    const draft = emptyDraft();
    if (actions !== undefined) applyActions(actions, draft, this.#compiler);
    const isHead = this.#open === null;
    if (isHead && draft.id === 0)
      this.#compiler.fault(name, 'the rule has no id', 'give it a number of its own: id:100001');
    if (!isHead && draft.id !== 0)
      this.#compiler.fault(name, 'a rule within a chain has an id', 'leave it to the first rule of the chain');
    if (!isHead && draft.phase !== 0)
      this.#compiler.fault(name, 'a rule within a chain has a phase', 'leave it to the first rule of the chain');
    if (draft.id !== 0) this.#claim(draft.id, actions ?? name);
    return draft;
  }

  #claim(id: number, piece: Piece): void {
    const other = this.#ids.get(id);
    if (other === undefined) this.#ids.set(id, piece);
    else {
      const { file, line } = other.place();
      this.#compiler.fault(
        piece,
        `another rule has the id ${id}: ${file}:${line}`,
        'give one of them another number',
        Math.max(0, piece.text.indexOf(`id:`)),
        String(id).length + 3,
      );
    }
  }

  #phaseOf(draft: Draft): Phase {
    return this.#open?.phase ?? (draft.phase === 0 ? 2 : draft.phase);
  }

  #add(one: PendingLink, name: Piece, phase: Phase): void {
    const { file, line } = name.place();
    if (this.#open === null) {
      this.#open = { phase, piece: name, at: `${file}:${line}`, links: [], isRemoved: false };
      this.#steps.push(this.#open);
    }
    this.#open.links.push(one);
    if (!one.draft.isChained) this.#open = null;
  }

  #closeChain(): void {
    if (this.#open === null) return;
    this.#compiler.fault(
      this.#open.piece,
      'the chain does not go on: no rule follows the last "chain"',
      'write the next rule, or leave "chain" out',
    );
    this.#open = null;
  }

  #defaultAction(words: readonly Piece[], name: Piece): void {
    if (words[0] === undefined) {
      this.#compiler.fault(
        name,
        'SecDefaultAction has no actions',
        'write SecDefaultAction "phase:2,log,auditlog,pass"',
      );
      return;
    }
    const draft = emptyDraft();
    applyActions(words[0], draft, this.#compiler);
    if (draft.id !== 0 || draft.isChained || draft.skipAfter !== '' || draft.skip > 0)
      this.#compiler.fault(
        words[0],
        'SecDefaultAction may not have id, chain, skip or skipAfter',
        'leave them to the rules',
      );
    if (draft.disruption?.kind === 'block')
      this.#compiler.fault(
        words[0],
        'SecDefaultAction says what block does, and cannot be block',
        'write pass or deny',
      );
    this.#defaults.set(draft.phase === 0 ? 2 : draft.phase, draft);
  }

  #choice(by: 'tag' | 'msg', words: readonly Piece[]): RuleChoice | ReturnType<typeof idsOf> {
    const tools = this.#compiler.actionTools(() => ({ says: '', instead: '' }));
    return patternOf(by, words[0]?.text ?? '', tools);
  }

  #chosen(choice: ReturnType<typeof idsOf>, piece: Piece): PendingRule[] {
    if (isFault(choice)) {
      this.#compiler.fault(piece, choice.says, choice.instead);
      return [];
    }
    const found: PendingRule[] = [];
    for (const step of this.#steps) {
      if ('marker' in step || step.isRemoved) continue;
      const { draft } = step.links[0]!;
      if (choice.chooses({ id: draft.id, tags: draft.tags, message: draft.message?.literal ?? '' })) found.push(step);
    }
    return found;
  }

  #remove(name: Piece, choice: ReturnType<typeof idsOf>, word: Piece | undefined): void {
    for (const rule of this.#chosen(choice, word ?? name)) rule.isRemoved = true;
  }

  #updateTarget(words: readonly Piece[], name: Piece, choice: ReturnType<typeof idsOf>): void {
    const [which, targets, replaced] = words;
    if (targets === undefined) {
      this.#compiler.fault(name, `${name.text} has too few words`, `write ${name.text} 942100 "!ARGS:q"`);
      return;
    }
    const offset = Number(which!.text.split(':')[1] ?? 0) || 0;
    const added = compileTargets(targets, this.#compiler);
    const gone = replaced === undefined ? null : compileTargets(replaced, this.#compiler);
    for (const rule of this.#chosen(choice, which!)) {
      const one = rule.links[offset] ?? rule.links[0]!;
      if (gone !== null)
        one.targets = one.targets.filter(
          (target) => !gone.targets.some(({ label, isCount }) => label === target.label && isCount === target.isCount),
        );
      one.targets = [...one.targets, ...added.targets];
      one.exclusions = [...one.exclusions, ...added.exclusions];
    }
  }

  #updateAction(words: readonly Piece[], name: Piece): void {
    const [which, actions] = words;
    if (actions === undefined) {
      this.#compiler.fault(
        name,
        'SecRuleUpdateActionById has too few words',
        'write SecRuleUpdateActionById 942100 "pass"',
      );
      return;
    }
    const [ids, offset = '0'] = which!.text.split(':');
    for (const rule of this.#chosen(idsOf(ids!), which!)) {
      const one = rule.links[Number(offset)] ?? rule.links[0]!;
      const { id, phase, isChained } = one.draft;
      applyActions(actions, one.draft, this.#compiler);
      if (one.draft.id !== id || one.draft.phase !== phase || one.draft.isChained !== isChained)
        this.#compiler.fault(
          actions,
          'SecRuleUpdateActionById cannot change id, phase or chain',
          'write the rule anew',
        );
    }
  }

  #unicodeMap(words: readonly Piece[], name: Piece, file: SourceFile): void {
    const { files } = this.#compiler.tools;
    if (words[0] === undefined) {
      this.#compiler.fault(name, 'SecUnicodeMapFile names no file', 'write SecUnicodeMapFile unicode.mapping 20127');
      return;
    }
    const path = files.resolve(file.name, words[0].text);
    const text = files.read(path);
    if (text === null)
      this.#compiler.fault(
        words[0],
        `the file ${path} cannot be read`,
        'put it beside the rules, or leave the directive out',
      );
    else this.#compiler.readUnicodeMap(text, words[1]?.text ?? '20127', words[1] ?? words[0]);
  }

  #geoDatabase(words: readonly Piece[], name: Piece, file: SourceFile): void {
    const [piece] = words;
    const instead = 'write SecGeoLookupDb /path/to/GeoLite2-Country.mmdb';
    if (piece === undefined) this.#compiler.fault(name, 'SecGeoLookupDb names no file', instead);
    else this.#compiler.geoDatabase = { path: this.#compiler.tools.files.resolve(file.name, piece.text), piece };
  }

  finish(): Loaded {
    this.#compiler.openGeography();
    const linked = link(this.#steps, this.#defaults, this.#settings, this.#files, this.#compiler);
    const { troubles, warnings } = this.#compiler;
    return troubles.length > 0 ? { ok: false, troubles } : { ok: true, program: linked, warnings };
  }
}

const ownNames: readonly string[] = [
  'SecRule',
  'SecAction',
  'SecMarker',
  'SecDefaultAction',
  'Include',
  'IncludeOptional',
  'SecRuleRemoveById',
  'SecRuleRemoveByTag',
  'SecRuleRemoveByMsg',
  'SecRuleUpdateTargetById',
  'SecRuleUpdateTargetByTag',
  'SecRuleUpdateTargetByMsg',
  'SecRuleUpdateActionById',
  'SecUnicodeMapFile',
  'SecGeoLookupDb',
];

/** A place for troubles of what the settings name: the name alone. */
function wholeFile(name: string): Piece {
  const file = new SourceFile('portcullis.yaml', name);
  return new Piece(
    name,
    file,
    Uint32Array.from({ length: name.length }, (_, index) => index),
  );
}
