// The door of the kernel's firewall: a policy becomes our table, the table is put into the kernel, and what stands there is read back.

export { defaultKernel, type KernelSettings } from './accompaniment.ts';
export {
  banCommands,
  blocklistCommands,
  type KernelBan,
  type KernelBlocklist,
  type KernelCallers,
  neverBanCommands,
} from './callers.ts';
export type { Flow } from './cuts.ts';
export {
  checkTable,
  type Done,
  type KernelTrouble,
  listRuleset,
  listTable,
  outlineOf,
  putTable,
  readListing,
  removeTable,
  send,
} from './kernel.ts';
export type { KernelRate } from './phrases.ts';
export { conntrackProgram, nftProgram, type Program, type Ran, saverProgram } from './program.ts';
export { isCallerSet, mended, type Reading, tableOf, withCallersOf, withoutCallers } from './reading.ts';
export { type KernelPolicy, noCallers, render } from './render.ts';
export { synProxyTrouble } from './syn-proxy.ts';
export { type Command, inputOf, type Json, objectsOf, replacement, type Table, tableName } from './table.ts';
export { textOf } from './text.ts';
export { offTrial, onTrial } from './trial.ts';
export { type Drift, findDrift } from './verify.ts';
