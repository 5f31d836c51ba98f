// What every part of the bench is given, and what it gives back.

import type { CertificateFiles, GateCommand } from './peers.ts';

/** What servers are started with. */
export interface Ground {
  readonly folder: string;
  readonly upstream: number;
  readonly certificate: CertificateFiles;
  readonly gate: GateCommand;
}

/** What a part measured: figures for programs, a table for people, and whether its targets were met. */
export interface Outcome {
  readonly name: string;
  readonly met: boolean;
  readonly table: string;
  readonly rows: readonly object[];
}
