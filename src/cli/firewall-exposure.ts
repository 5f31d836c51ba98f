// `portcullis firewall exposure`: what of this machine can really be reached, held against what the configuration says.

import { printAddress } from '../base/address.ts';
import {
  type Agreement,
  type Exposure,
  type ExposureRow,
  expose,
  nftProgram,
  type Outcome,
  saverProgram,
} from '../firewall/firewall.ts';
import { build as buildPorts, machineReader, routesOf } from '../ports/ports.ts';
import { findOutside, ownAddresses, wholeRuleset } from '../supervisor/supervisor.ts';
import { endpoint } from '../traffic/connection.ts';
import { type Arguments, type ExitCode, Trouble, type World } from './command.ts';
import { jsonText } from './json.ts';
import { loadCandidate, valueOf } from './kernel-tools.ts';
import { table, visible } from './table.ts';

/** Prints a row for each port and family, then every disagreement with an example; exit code 1 where there is one. Looks only. */
export async function exposure(args: Arguments, world: World): Promise<ExitCode> {
  const { candidate, loaded } = await loadCandidate(args, world, false);
  const { firewall } = candidate;
  const named = typeof args.options.interface === 'string' ? args.options.interface : null;
  const outside = findOutside(machineReader, named);
  if (outside === null)
    throw new Trouble(
      named === null
        ? 'this machine has no interface but loopback: nothing can be reached from outside'
        : `there is no interface "${visible(named)}" with an address`,
    );
  const own = new Set([...ownAddresses(machineReader), '127.0.0.1', '::1']);
  const found = expose({
    ruleset: valueOf(await wholeRuleset({ nft: nftProgram(), reader: machineReader, saver: saverProgram }), loaded),
    rules: firewall.ruleSet,
    decide: (protocol, source, port) => firewall.simulate(protocol, source, port),
    listeners: buildPorts()
      .listening()
      .map(({ protocol, address, port, process }) => ({ protocol, address, port, name: process?.name ?? 'a process' })),
    around: { isOwn: (address) => own.has(printAddress(address)), outBy: routesOf(machineReader) },
    outside,
    ownPorts: new Set(loaded.settings.listen.map(({ port }) => port)),
  });
  const at = (rule: number) => (rule > 0 ? (firewall.rules[rule - 1]?.at ?? '') : '');
  const isFine = found.rows.every(({ agreement }) => agreement === 'agrees');
  if (args.options.json === true) world.stdout.write(jsonText(asJson(found, isFine), 2));
  else world.stdout.write(asText(found, at, isRed(args, world), world));
  return isFine ? 0 : 1;
}

function isRed(args: Arguments, world: World): boolean {
  const refuses = args.options['no-color'] === true || (world.env.NO_COLOR ?? '') !== '';
  return world.stdout.isTTY === true && !refuses;
}

function asText({ rows, unseen }: Exposure, at: (rule: number) => string, red: boolean, world: World): string {
  const words = { agrees: '', exposed: 'EXPOSED', blocked: 'BLOCKED', undecided: 'UNDECIDED' } as const;
  const cells = rows.map((row) => [
    `${row.port}/${row.protocol}`,
    `IPv${row.family}`,
    printAddress(row.probe.source),
    configurationText(row),
    kernelText(row),
    row.kernel.isForwarded ? 'forwarded' : row.listener === '' ? '-' : row.listener,
    words[row.agreement],
  ]);
  const paint = (line: string) => (red ? `\x1b[31m${line}\x1b[0m` : line);
  const [head = '', ...lines] = table(
    ['Port', 'Family', 'From', 'Configuration', 'Kernel', 'Listens', ''],
    cells,
    world,
  )
    .trimEnd()
    .split('\n');
  const painted = lines.map((line, index) => (rows[index]!.agreement === 'agrees' ? line : paint(line)));
  const stories = rows.filter(({ agreement }) => agreement !== 'agrees').map((row) => storyOf(row, at, paint));
  const notes = unseen.map((each) => `not looked at: ${each}`);
  const end = stories.length === 0 ? ['configuration, kernel and listeners agree'] : [];
  return `${[head, ...painted, '', ...stories, ...notes, ...end].join('\n')}\n`;
}

function configurationText({ isAllowed, rule }: ExposureRow): string {
  return `${isAllowed ? 'allowed' : 'denied'} (${rule > 0 ? `rule ${rule}` : 'default'})`;
}

function kernelText({ kernel, isOwn, isAllowed, port }: ExposureRow): string {
  if (kernel.verdict === 'undecided') return 'cannot be told';
  if (kernel.verdict === 'dropped') return 'dropped';
  const to = kernel.isForwarded
    ? ` to ${targetText(kernel)}`
    : kernel.target.port === port
      ? ''
      : ` to :${kernel.target.port}`;
  return isOwn && !isAllowed ? `passes${to}; denied at accept` : `passes${to}`;
}

function targetText({ target }: Outcome): string {
  return endpoint(printAddress(target.address), target.port);
}

const says: Readonly<Record<Exclude<Agreement, 'agrees'>, string>> = {
  exposed: 'the configuration denies it, and the kernel lets it through',
  blocked: 'the configuration allows it, and the kernel does not let it through',
  undecided: 'what the kernel does hangs on what cannot be told from here',
};

function storyOf(row: ExposureRow, at: (rule: number) => string, paint: (line: string) => string): string {
  const { protocol, port, family, agreement, kernel, probe, rule } = row;
  if (agreement === 'agrees') return '';
  const where = at(rule);
  const responsible = kernel.by === '' ? 'no chain stands in its way' : kernel.by;
  const lines = [
    paint(`${port}/${protocol} IPv${family}: ${says[agreement]}`),
    `  for example    ${protocol} ${endpoint(printAddress(probe.source), probe.sourcePort)} → ${endpoint(printAddress(probe.target), port)} coming in by ${probe.from}`,
    `  configuration  ${configurationText(row)}${where && ` ${where}`}`,
    `  kernel         ${kernelText(row)}: ${responsible}`,
    ...kernel.doubts.slice(0, 5).map((doubt) => `  cannot tell    ${doubt}`),
  ];
  return `${lines.map((line) => (line.startsWith('\x1b') ? line : visible(line))).join('\n')}\n`;
}

function asJson({ rows, unseen }: Exposure, ok: boolean): object {
  return {
    ok,
    unseen,
    ports: rows.map(({ protocol, port, family, agreement, isAllowed, rule, kernel, listener, isOwn, probe }) => ({
      protocol,
      port,
      family,
      agreement,
      configuration: { allowed: isAllowed, rule },
      kernel: {
        verdict: kernel.verdict,
        by: kernel.by,
        target: targetText(kernel),
        forwarded: kernel.isForwarded,
        doubts: kernel.doubts,
      },
      listener,
      atAccept: isOwn,
      example: {
        from: endpoint(printAddress(probe.source), probe.sourcePort),
        to: endpoint(printAddress(probe.target), port),
        interface: probe.from,
      },
    })),
  };
}
