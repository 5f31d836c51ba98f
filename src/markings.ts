// What a connection's record says of how the firewall judged it.

import type { Firewall } from './firewall/firewall.ts';
import type { Connection } from './traffic/connection.ts';
import type { Refusal } from './traffic/verdict.ts';

/** Writes down which firewall rule decided about a connection, and how long that took. */
export function markRule(connection: Connection, firewall: Firewall, number: number, microseconds: number): void {
  const rule = number > 0 ? firewall.rules[number - 1]! : null;
  connection.firewallAction = firewall.isAllowed(number) ? 'ALLOW' : 'DENY';
  connection.firewallRule = number;
  connection.firewallMicroseconds = microseconds;
  connection.firewallDescription = rule?.description ?? 'default';
  connection.firewallAt = rule?.at ?? '';
}

/** The same for a caller who was not let in to the rules. */
export function markShutOut(connection: Connection, refusal: Refusal, microseconds: number): void {
  connection.firewallAction = 'DENY';
  connection.firewallMicroseconds = microseconds;
  connection.firewallDescription = refusal.rule?.id ?? '';
}
