// What the API answers, as far as the page looks at it.

export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly since: string;
  readonly workers: number;
  readonly generation: number;
  readonly listeners: readonly {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly tls: boolean;
    readonly accepted: number;
    readonly open: number;
  }[];
  readonly connections: {
    readonly open: number;
    readonly max: number;
    readonly idle: number;
    readonly clients: number;
    readonly perStage: Readonly<Record<string, number>>;
    readonly denied: number;
    readonly refused: number;
  };
  readonly memory: { readonly rssBytes: number; readonly availableBytes: number; readonly perConnectionBytes?: number };
  readonly descriptors: { readonly open: number; readonly limit: number; readonly left: number };
  readonly requests: {
    readonly total: number;
    readonly perSecond: number;
    readonly detected: number;
    readonly refusedByWhy: Readonly<Record<string, number>>;
    readonly statuses: Readonly<Record<string, number>>;
  };
  readonly firewall: { readonly rules: number; readonly default: string };
  readonly upstreams: readonly Upstream[];
  readonly queued: number;
  readonly certificates: readonly Certificate[];
  readonly waf: { readonly mode: string; readonly threshold: number };
  /** What is written down, and what is wrong with the disk or the server that it goes to. */
  readonly journal?: Written;
  readonly audit?: Written;
  readonly traces?: Written;
  readonly logs?: Readonly<Record<string, Written>>;
  readonly history?: { readonly lost: number; readonly trouble: string } | null;
  readonly crew: {
    readonly deaths: number;
    readonly stalls: number;
    readonly last: { readonly at: string; readonly says: string } | null;
    readonly workers: readonly {
      readonly worker: number;
      readonly pid: number;
      readonly open: number;
      readonly generation: number;
      readonly upMs: number;
    }[];
  };
}

/** Lines of one log. */
export interface Written {
  readonly written?: number;
  readonly dropped?: number;
  readonly trouble?: string;
}

export interface Upstream {
  readonly endpoint: string;
  readonly upstream: string;
  readonly site: string;
  readonly health: string;
  readonly says: string;
  readonly idle: number;
  readonly busy: number;
  readonly failures: number;
  readonly weight?: number;
  readonly ephemeral: {
    readonly used: number;
    readonly available: number;
    readonly forecast: { readonly secondsLeft: number | null } | null;
  };
}

export interface Certificate {
  readonly name: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly from: string;
  readonly notAfter: number;
  readonly says?: string;
}

export interface Series {
  readonly at: readonly number[];
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface ConnectionRow {
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly listener: string;
  readonly rule: string;
  readonly stage: string;
  readonly tls: string;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly ageMs: number;
}

export interface HistoryRow {
  readonly n: number;
  readonly id: string;
  readonly at: number;
  readonly client: string;
  readonly from: string;
  readonly method: string;
  readonly host: string;
  readonly site: string;
  readonly path: string;
  readonly status: number;
  readonly verdict: string;
  readonly layer: string;
  readonly why: string;
  readonly rule: string;
  readonly says: string;
  readonly score: number;
  readonly ms: number;
  readonly bytes: number;
}

export interface Group {
  readonly layer: string;
  readonly verdict: string;
  readonly why: string;
  readonly rule: string;
  readonly site: string;
  readonly prefix: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly sample: string;
}

export interface Finding {
  readonly id: number;
  readonly detector: string;
  readonly phase: number;
  readonly severity: string;
  readonly score: number;
  readonly message: string;
  readonly variable: string;
  readonly value: string;
  readonly decoded: readonly string[];
  readonly at?: string;
  readonly data?: string;
}

export interface Journey {
  readonly id: string;
  readonly time: string;
  readonly connection: {
    readonly id: number;
    readonly from: string;
    readonly to: string;
    readonly listener: string;
    readonly via?: string;
    readonly reused: boolean;
  };
  readonly client: string;
  readonly firewall: {
    readonly action: string;
    readonly rule: number;
    readonly description: string;
    readonly at: string;
    readonly us: number;
  };
  readonly tls: {
    readonly version: string;
    readonly cipher: string;
    readonly alpn: string;
    readonly sni: string;
    readonly resumed: boolean;
    readonly group: string;
    readonly us: number;
  } | null;
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly version: string;
    readonly host: string;
    readonly site: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly bytes: number;
  } | null;
  readonly rates: {
    readonly policy: string;
    readonly limit: number;
    readonly remaining: number;
    readonly resetSeconds: number;
    readonly us: number;
  } | null;
  readonly waf: {
    readonly action: string;
    readonly score: number;
    readonly threshold: number;
    readonly rules: readonly Finding[];
    readonly us: number;
  } | null;
  readonly upstream: {
    readonly from: string;
    readonly to: string;
    readonly reused: boolean;
    readonly ms: number;
  } | null;
  readonly response: { readonly status: number; readonly bytes: number } | null;
  readonly verdict: {
    readonly action: string;
    readonly station: string;
    readonly why: string;
    readonly says: string;
    readonly rule: string;
    readonly at: string;
    readonly place: string;
    readonly value: string;
  };
  readonly ms: number;
}

export interface Reason {
  readonly says: string;
  readonly allow: string;
}

export interface Told {
  readonly journey: Journey;
  readonly reason: Reason | null;
}

export interface Bans {
  readonly total: number;
  readonly kept: boolean;
  readonly spared: number;
  readonly bans: readonly {
    readonly target: string;
    readonly reason: string;
    readonly by: string;
    readonly madeAt: number;
    readonly leftMs: number | null;
  }[];
  readonly never: readonly { readonly target: string; readonly why: string }[];
  readonly blocklists: readonly {
    readonly name: string;
    readonly from: string;
    readonly entries: number;
    readonly broken: number;
    readonly loadedAt: number;
    readonly problem: string;
    readonly isStale: boolean;
  }[];
}
