// Policy tests: sentences about what the rules must do (`deny tcp 5432 from internet`), held against every packet they name.

import type { Cidr } from '../base/cidr.ts';
import { nearest, type Path, type Problem } from '../base/problem.ts';
import { packetText } from './algebra-findings.ts';
import { Canvas, type Packet, type Shape, Space } from './algebra-space.ts';
import { type Action, parseRule, type RuleSet } from './rule.ts';
import { splitList } from './rule-fields.ts';
import { zones } from './zones.ts';

/** One expectation: every packet of the shape has this action. */
export interface Expectation extends Shape {
  readonly action: Action;
}

/** An expectation that does not hold: the first packet that is decided otherwise, and by which rule (0 is the default). */
export interface Broken {
  readonly index: number;
  readonly witness: Packet;
  readonly by: number;
}

/**
 * Reads `expect[index]`: a rule's line whose sources may be zones (`internet`, `private`, `loopback`, `link-local`), or null
 * after adding its faults to `problems`.
 */
export function parseExpectation(line: string, index: number, problems: Problem[]): Expectation | null {
  const path: Path = ['expect', index];
  const at = line.toLowerCase().lastIndexOf(' from ');
  const words = at < 0 ? '' : line.slice(at + 6);
  const pieces = splitList(words);
  const named: Cidr[] = [];
  const rest: string[] = [];
  for (const { text, offset } of pieces) {
    const zone = text.toLowerCase();
    if (zone !== 'any' && Object.hasOwn(zones, zone)) named.push(...zones[zone]!);
    else if (isWord(text) && zone !== 'any') {
      const near = nearest(zone, Object.keys(zones));
      const instead =
        near === null
          ? `write one of ${Object.keys(zones).join(', ')}, an address or a CIDR`
          : `did you mean \`${near}\`?`;
      problems.push({
        path,
        code: 'firewall/unknown-zone',
        says: `there is no zone "${text.slice(0, 64)}"`,
        instead,
        offset: at + 6 + offset,
        length: text.length,
      });
      return null;
    } else rest.push(text);
  }
  const found: Problem[] = [];
  const written = named.length === 0 ? line : `${line.slice(0, at)} from ${rest.length === 0 ? 'any' : rest.join(',')}`;
  const rule = parseRule(written, index, '', found);
  problems.push(...found.map((problem) => ({ ...problem, path })));
  if (rule === null) return null;
  const sources = rest.length === 0 && named.length > 0 ? named : [...named, ...rule.sources];
  return { action: rule.action, protocol: rule.protocol, ports: rule.ports, sources };
}

/** Those expectations that do not hold, the first witness of each; null where the rules are too large to be asked. */
export function testExpectations(set: RuleSet, expectations: readonly Expectation[]): Broken[] | null {
  const space = new Space([set.rules, expectations]);
  const canvas = new Canvas(space, 0);
  const broken = new Map<number, Broken>();
  const actionOf = (number: number) => (number === 0 ? set.default : set.rules[number - 1]!.action);
  for (const protocol of ['tcp', 'udp'] as const) {
    const swept = space.sweep(protocol, (first, _last, [active = [], asked = []]) => {
      const open = asked.filter((index) => !broken.has(index));
      if (open.length === 0) return;
      canvas.paint(active);
      for (const index of open) {
        const isOther = (at: number) => actionOf(canvas.owners[at]!) !== expectations[index]!.action;
        const cell = firstOther(space.spans(1, index), space.familiar, isOther);
        if (cell < 0) continue;
        broken.set(index, { index, witness: space.witness(protocol, first, cell), by: canvas.owners[cell]! });
      }
    });
    if (!swept) return null;
  }
  return [...broken.values()].sort((a, b) => a.index - b.index);
}

/** A cell of the spans that is other than expected, a familiar one where there is one; -1 for none. */
function firstOther(spans: Int32Array, familiar: readonly number[], isOther: (cell: number) => boolean): number {
  const isIn = (cell: number) => spans.some((first, at) => at % 2 === 0 && first <= cell && cell < spans[at + 1]!);
  const known = familiar.find((cell) => isIn(cell) && isOther(cell));
  if (known !== undefined) return known;
  for (let at = 0; at < spans.length; at += 2)
    for (let cell = spans[at]!; cell < spans[at + 1]!; cell++) if (isOther(cell)) return cell;
  return -1;
}

/** The problem that a broken expectation is. `nameOf` gives a rule in words: `rule 2 "SSH" (portcullis.yaml:7)`. */
export function brokenProblem(
  { index, witness, by }: Broken,
  expectation: Expectation,
  nameOf: (number: number) => string,
): Problem {
  const does = expectation.action === 'ALLOW' ? 'denied' : 'allowed';
  const wanted = expectation.action === 'ALLOW' ? 'allows' : 'denies';
  const who = by === 0 ? 'the default, as no rule matches' : nameOf(by);
  return {
    path: ['expect', index],
    code: 'firewall/broken-expectation',
    says: `this does not hold: ${packetText(witness)} is ${does} by ${who}`,
    instead: `put a rule that ${wanted} it ${by === 0 ? 'at the end' : `before rule ${by}`}, or change what is expected`,
  };
}

function isWord(text: string): boolean {
  return (
    text !== '' && !text.includes('.') && !text.includes(':') && !text.includes('/') && !(text >= '0' && text < ':')
  );
}
