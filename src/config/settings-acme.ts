// The settings of automatic certificates (`tls.acme`), complete; see `acme-settings.ts` for how the file's words become these.

/** A secret as it is written, or the file (absolute) that it is read from when it is needed. */
export type Secret = string | { readonly file: string };

/** Certificates that look after themselves. */
export interface AcmeSettings {
  /** '' for none. */
  readonly email: string;
  /** The first is asked first; at least one. */
  readonly authorities: readonly AuthoritySettings[];
  /** Where a new name is tried before, or null. */
  readonly staging: AuthoritySettings | null;
  /** Names and addresses (without brackets), a certificate for each group. */
  readonly wanted: readonly (readonly string[])[];
  readonly challenges: readonly ('tls-alpn-01' | 'http-01' | 'dns-01')[];
  readonly dns: {
    /** One of both. */
    readonly hook: readonly string[] | null;
    readonly update: DnsUpdateSettings | null;
    readonly waitMs: number;
    /** How long it is looked whether the servers of the zone have a record; `waitMs` holds where they cannot be asked. */
    readonly propagationMs: number;
  } | null;
  readonly keyKind: 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' | 'rsa-3072' | 'rsa-4096';
  /** '' for the CA's own choice. */
  readonly profile: string;
  readonly preferredIssuer: string;
  /** Ports of a name that the CAs call. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** DNS servers that are asked by diagnoses; none for those of this machine. */
  readonly resolvers: readonly string[];
}

/** A CA. */
export interface AuthoritySettings {
  /** Address of its directory. */
  readonly directory: string;
  readonly externalAccount: { readonly kid: string; readonly macKey: Secret } | null;
  /** PEM file of roots for its own HTTPS, absolute, or null. */
  readonly roots: string | null;
  /** Whether it is a public CA whose rate limits are known and kept to beforehand. */
  readonly isLimited: boolean;
}

/** Dynamic updates of DNS (RFC 2136). `server` is an address, with a port where it is not 53. */
export interface DnsUpdateSettings {
  readonly server: string;
  readonly keyName: string;
  readonly key: Secret;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  /** '' where the server is asked for it. */
  readonly zone: string;
  readonly ttl: number;
}
