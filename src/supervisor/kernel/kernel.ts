// The kernel's firewall as the supervisor and its commands use it.

export {
  type Candidate,
  type CutConnection,
  cutText,
  firewallOf,
  type KernelTools,
  type Plan,
  planFor,
  tableFor,
} from './candidate.ts';
export {
  type Applied,
  type ApplyWishes,
  apply,
  type CommitTools,
  confirm,
  restore,
  rollback,
  settleOverdue,
} from './commit.ts';
export { endGuard, type GuardTools, keepGuard, readyLine, startGuard } from './guard.ts';
export { generationInForce, type InForceTools, inForceTools, withRulesOf } from './in-force.ts';
export { KernelKeeper, listOf } from './keeper.ts';
export { findOutside, type Outside } from './outside.ts';
export { callerOf, type Live, liveConnections, liveText, ownAddresses } from './sessions.ts';
export { maxGenerations, type Pending, Store, type StoredGeneration } from './store.ts';
export { untrackedRemedy } from './untracked.ts';
export { type RulesetTools, wholeRuleset } from './whole-ruleset.ts';
