// The door of the admin station: the dashboard and its API on a loopback address, for whoever has the link or a token.

import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { readAssets } from './assets.ts';
import { AuditTrail } from './audit-trail.ts';
import type { Backend } from './endpoint.ts';
import { allEndpoints } from './endpoints/all-endpoints.ts';
import { EventStream } from './event-stream.ts';
import { openApi } from './openapi.ts';
import { AdminServer, apiBase, type Tuple } from './server.ts';
import { type KnownToken, Sessions } from './sessions.ts';

export type { Tuple } from './server.ts';
export { digestOf } from './sessions.ts';

/** Where it listens, under which names, and which programs may speak. */
export interface AdminSettings {
  readonly listen: { readonly address: string; readonly port: number } | 'auto' | null;
  readonly hosts: readonly string[];
  readonly tokens: readonly KnownToken[];
}

/** What it is handed. */
export interface AdminTools {
  readonly clock: Clock;
  random(bytes: number): Uint8Array;
  readonly dataDirectory: string;
  /** Where the built dashboard lies. */
  readonly assets: string;
  readonly version: string;
  ask: Backend['ask'];
  /** Calls back every so many ms until the function that it gives is called. */
  every(ms: number, call: () => void): () => void;
}

/** Where it listens by itself. */
const usual = { address: '127.0.0.1', port: 9443 };
/** How often the state is told to those who read along, in ms. */
const tickMs = 1000;

/** The station. */
export class Admin {
  readonly #tools: AdminTools;
  readonly #sessions: Sessions;
  readonly #trail: AuditTrail;
  readonly #stream = new EventStream();
  #settings: AdminSettings;
  #server: AdminServer | null = null;
  #stopTicking: (() => void) | null = null;
  #isTelling = false;

  constructor(settings: AdminSettings, tools: AdminTools) {
    this.#settings = settings;
    this.#tools = tools;
    this.#sessions = new Sessions(tools);
    this.#trail = new AuditTrail(join(tools.dataDirectory, 'admin-audit.jsonl'), tools.clock);
    this.#sessions.useTokens(settings.tokens);
  }

  /** Listens where the settings say so; rejects with a sentence where the address cannot be had. */
  async start(): Promise<void> {
    const { listen } = this.#settings;
    if (listen === null) return;
    this.#trail.open();
    const server = this.#made();
    try {
      const { address, port } = listen === 'auto' ? usual : listen;
      await server.listen(address, port);
    } catch (error) {
      if (listen !== 'auto')
        throw new Error(
          `the dashboard cannot be served at ${listen.address}:${listen.port}: ${(error as Error).message}`,
        );
      // Another gate of this machine has the usual place, or somebody else.
      await server.listen(usual.address, 0);
    }
    this.#server = server;
  }

  /** Goes on under other settings. Where it listens changes with a new start only. */
  adopt(settings: AdminSettings): void {
    this.#settings = settings;
    this.#sessions.useTokens(settings.tokens);
  }

  /** `http://127.0.0.1:9443`, or null where it does not listen. */
  get url(): string | null {
    if (this.#server === null) return null;
    const { address, port } = this.#server.address;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  /** A link that logs one browser in, or null. The token stands behind `#`, which browsers send to nobody. */
  link(): string | null {
    return this.url === null ? null : `${this.url}/#/login/${this.#sessions.mint()}`;
  }

  /** Who looks now. */
  tuples(): Tuple[] {
    return this.#server?.tuples() ?? [];
  }

  /** Ends all streams and connections. */
  async stop(): Promise<void> {
    this.#stopTicking?.();
    this.#stream.end();
    await this.#server?.close();
    this.#server = null;
  }

  #made(): AdminServer {
    const { clock, assets, ask, version } = this.#tools;
    const own = (name: string) => (name === 'audit' ? this.#trail.list(500) : name === 'tuples' ? this.tuples() : null);
    const publish = (kind: string, state: unknown) => this.#stream.publish(kind, state);
    return new AdminServer({
      clock,
      sessions: this.#sessions,
      assets: readAssets(assets),
      trail: this.#trail,
      stream: this.#stream,
      endpoints: allEndpoints,
      backend: { clock, ask, own, publish },
      document: openApi(allEndpoints, apiBase, version),
      hosts: () => this.#settings.hosts,
      onReader: () => this.#wake(),
    });
  }

  /** Somebody reads along: the state is looked at once a second for all of them, and not at all for nobody. */
  #wake(): void {
    void this.#tell();
    this.#stopTicking ??= this.#tools.every(tickMs, () => {
      if (this.#stream.size > 0) void this.#tell();
      else {
        this.#stopTicking?.();
        this.#stopTicking = null;
      }
    });
  }

  async #tell(): Promise<void> {
    // One that takes longer than a second is not asked twice at once.
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      this.#stream.publish('status', await this.#tools.ask({ ask: 'status' }));
    } catch (error) {
      this.#stream.publish('trouble', (error as Error).message);
    } finally {
      this.#isTelling = false;
    }
  }
}
