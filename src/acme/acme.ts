// The door of the ACME client (RFC 8555): accounts, issuance, renewal information. Who wants which certificate, and where it is kept, is the supervisor's.

export { Account } from './account.ts';
export { CaSession, type Directory } from './ca-session.ts';
export { CaProblem, CaUnreachable } from './ca-trouble.ts';
export { certificateRequest, type KeyKind, newCertificateKey } from './certificate-key.ts';
export { type Chain, certificateId, faultOf, readChain } from './chain.ts';
export { challengeCertificate } from './challenge-certificate.ts';
export { type UpdateSettings, updateRecord } from './dns-update.ts';
export { httpsCaller } from './https-call.ts';
export { type Issued, issue, type OrderNote, ProofFailure, type Wish } from './issuance.ts';
export { type ExternalBinding, newAccountKey } from './jws.ts';
export { type ChallengeKind, challengeKinds, dnsText, type Proof, type Prover } from './proofs.ts';
export { askAgainMs, momentIn, ownMoment, type Window } from './renewal.ts';
export { pauseMs } from './retry-after.ts';
