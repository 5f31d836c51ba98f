// The algebra of rule sets, in one place: what differs, what is odd, and which expectations are broken.

export { type Change, type Difference, difference } from './algebra-difference.ts';
export { analyse, type Finding, type FindingKind, findingKinds, packetText } from './algebra-findings.ts';
export type { Packet } from './algebra-space.ts';
export { type Broken, type Expectation, parseExpectation, testExpectations } from './expectation.ts';
