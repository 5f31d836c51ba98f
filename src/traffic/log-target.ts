// Where lines of a log go: a file, a syslog server, or the journal of systemd. Plain data.

/** A place for lines. `path` is absolute. */
export type LogTarget =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'syslog'; readonly transport: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  /** Over TLS (RFC 5425); `ca` is an absolute file of the authorities that may speak for it, null for the usual ones; `certificate` and
   * `key` are files of what this gate shows where it is asked who it is, null for nothing. */
  | {
      readonly kind: 'syslog';
      readonly transport: 'tls';
      readonly host: string;
      readonly port: number;
      readonly ca: string | null;
      readonly certificate: string | null;
      readonly key: string | null;
    }
  | { readonly kind: 'syslog'; readonly transport: 'unix'; readonly path: string }
  | { readonly kind: 'journald' };

/** How a line of the access log is written. */
export type AccessFormat = 'combined' | 'json';

/** One access log. */
export interface AccessLogWords {
  readonly format: AccessFormat;
  readonly to: LogTarget;
  /** Only what was refused, would have been, or broke off. */
  readonly onlyTroubles: boolean;
  /** RFC 5424 6.2.1. */
  readonly facility: number;
}

/** A target as one word: what a status names it by, and what tells two apart. */
export function targetName(target: LogTarget): string {
  switch (target.kind) {
    case 'file':
      return target.path;
    case 'journald':
      return 'journald';
    default:
      return target.transport === 'unix'
        ? `syslog+unix:${target.path}`
        : `syslog+${target.transport}://${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
  }
}
