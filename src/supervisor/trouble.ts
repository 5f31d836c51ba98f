// What keeps a gate from starting or changing, as errors whose message is for its owner.

import { join } from 'node:path';
import type { Problem } from '../base/problem.ts';
import type { Settings } from '../config/config.ts';
import { type Answers, type Control, ControlTrouble, listenControl } from './control.ts';
import { OrderFailure } from './messages.ts';

/** Thrown where the gate cannot start or go on; the message is complete. */
export class GateTrouble extends Error {}

/** Problems of the configuration as the error that `tools` makes of them, or a line each. */
export function asTrouble(
  problems: readonly Problem[],
  tools: { trouble?(problems: readonly Problem[]): Error },
): Error {
  if (tools.trouble !== undefined) return tools.trouble(problems);
  return new GateTrouble(
    problems
      .map(({ code, says, instead }) => `${code}: ${says}${instead === undefined ? '' : `; instead: ${instead}`}`)
      .join('\n'),
  );
}

/** The control socket in the data directory; rejects with `GateTrouble` where it cannot be had. */
export async function controlOf(settings: Settings, answers: Answers, predecessor = false): Promise<Control> {
  try {
    // The dashboard's own question is the last that a gate learns to answer.
    const isStarting = () => !Object.hasOwn(answers, 'dashboard');
    return await listenControl(join(settings.dataDirectory, 'control.sock'), answers, predecessor, isStarting);
  } catch (error) {
    throw error instanceof ControlTrouble ? new GateTrouble(error.message) : error;
  }
}

/** What an order that could not be carried out is to the owner: its problems, or its sentence; other errors as they are. */
export function orderTrouble(error: unknown, tools: Parameters<typeof asTrouble>[1]): unknown {
  if (!(error instanceof OrderFailure)) return error;
  return error.problems.length > 0 ? asTrouble(error.problems, tools) : new GateTrouble(error.message);
}

/** Throws where a gate that runs is to have another data directory. */
export function staysIn(before: string, after: string): void {
  if (after === before) return;
  throw new GateTrouble(
    `the data directory cannot change while the gate runs: ${before} → ${after}\n  end the gate and start it anew`,
  );
}
