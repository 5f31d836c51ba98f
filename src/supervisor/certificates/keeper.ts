// Keeps certificates: gets those that are wanted, renews them in time, has the workers use them, and writes down what went wrong.

import { askAgainMs, ProofFailure, pauseMs } from '../../acme/acme.ts';
import type { AcmeSettings } from '../../config/config.ts';
import type { Files } from '../../tls/tls.ts';
import { Authorities } from './authorities.ts';
import type { Authority } from './authority.ts';
import { FormerCertificates } from './former.ts';
import { Issuer, isOfCa } from './issuer.ts';
import { Ledger } from './ledger.ts';
import { Managed, renewalBy } from './managed.ts';
import { HttpProver, type ProverTools, proversOf } from './provers.ts';
import { askedMs } from './rests.ts';
import { CertificateStore, type KeptCertificate } from './store.ts';

/** What a keeper is handed. */
export interface KeeperTools extends ProverTools {
  readonly dataDirectory: string;
  readonly files: Files;
  /** From 0 to 1. */
  random(): number;
  /** Why a name cannot be had, as far as it can be seen from here: sentences with their cure, without what is known. */
  diagnose(name: string, known: string): Promise<readonly string[]>;
  /** Hears of what needs the owner's eye. */
  warn(says: string): void;
  /** Hears what went well. */
  say(says: string): void;
}

/** Most certificates that are worked at at once. */
const maxAtOnce = 4;
/** Longest time without a look at what is due, in ms: wall clocks jump. */
const longestSleepMs = 10 * 60_000;
/** Most names that may be asked for beside those of the settings. */
const maxDemanded = 10_000;
const maxSaid = 1500;
/** So often in a row an order is gone on with in vain; then another one is made. */
const maxOrderTries = 8;

/** The certificates of one gate. */
export class CertificateKeeper {
  readonly store: CertificateStore;
  readonly ledger: Ledger;
  readonly former: FormerCertificates;
  readonly http: HttpProver;
  readonly #tools: KeeperTools;
  readonly #managed = new Map<string, Managed>();
  /** Names that were asked for while the gate runs. */
  readonly #demanded = new Set<string>();
  /** Who waits for the end of what is going on with a certificate. */
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #authorities: Authorities;
  #settings: AcmeSettings | null = null;
  #covered: readonly string[] = [];
  #isOpen = false;
  #isStarted = false;
  /** Nothing is begun meanwhile. */
  #isHeld = false;
  #busy = 0;
  #timer: NodeJS.Timeout | null = null;
  #ending = new AbortController();
  /** Does another gate go on with what is under way? */
  #isHandedOver = false;

  constructor(tools: KeeperTools) {
    this.#tools = tools;
    this.http = new HttpProver(tools);
    this.store = new CertificateStore(tools.dataDirectory, tools.files, (says) => tools.warn(says));
    this.ledger = new Ledger(this.store);
    this.former = new FormerCertificates(this.store, tools.clock);
    this.#authorities = new Authorities({ store: this.store, clock: tools.clock, files: tools.files });
  }

  /** What HTTP-01 is answered with, for a worker that starts. */
  get tokens(): HttpProver['tokens'] {
    return this.http.tokens;
  }

  get settings(): AcmeSettings | null {
    return this.#settings;
  }

  get all(): readonly Managed[] {
    return [...this.#managed.values()];
  }

  /** Goes on under these settings: certificates that are kept are used at once, others are got by and by. `covered` are names that files serve. */
  async adopt(settings: AcmeSettings | null, covered: readonly string[]): Promise<void> {
    this.#settings = settings;
    this.#covered = covered;
    this.#authorities.closeOthers(settings);
    if (settings !== null && !(await this.#open())) return;
    await this.#want([...(settings?.wanted ?? []), ...[...this.#demanded].map((name) => [name])]);
    this.#arm();
  }

  /** Begins to ask CAs: the workers are there to answer them, and no other gate writes. */
  start(): void {
    // Stopped for a gate that then did not take over.
    if (this.#ending.signal.aborted) this.#ending = new AbortController();
    this.#isHandedOver = false;
    void this.store.sweep().finally(() => {
      this.#isStarted = true;
      this.#arm();
    });
  }

  /** Has a certificate for one more name, such as one that a client asked for; fulfilled with whether there is one in the end. */
  async demand(name: string): Promise<boolean> {
    if (this.#settings === null || !this.#isOpen) return false;
    const there = this.all.find(({ names }) => names.includes(name));
    if (there === undefined && this.#demanded.size >= maxDemanded) return false;
    if (there === undefined) {
      this.#demanded.add(name);
      await this.#add([name]);
    }
    const managed = there ?? this.#managed.get(name)!;
    if (managed.chain !== null) return true;
    if (managed.due().at > this.#tools.clock.now() && !managed.isBusy) return false;
    await this.#settle(managed);
    return managed.chain !== null;
  }

  /** Renews now; with `isForced` also where it is not due or a failure is to be waited out. Rejects with a sentence where that fails. */
  async renew(name: string, isForced: boolean): Promise<Managed> {
    const managed = this.find(name);
    if (this.#isHeld) throw new Error('keys of accounts are being changed; again in a moment');
    const isComing = managed.doing === 'issue';
    if (managed.isBusy) await this.#settled(managed);
    if (!isComing) {
      if (isForced) managed.rests.clear();
      else this.#mayRenew(managed);
      this.#busy++;
      managed.doing = 'issue';
      void this.#issue(managed);
      await this.#settled(managed);
    }
    if (managed.kept.failure !== null) throw new Error(managed.kept.failure.says);
    return managed;
  }

  /** The certificate of a name; throws a sentence where there is none. */
  find(name: string): Managed {
    const managed = this.all.find(({ names, id }) => id === name || names.includes(name));
    if (managed === undefined) throw new Error(`no certificate of a CA is kept for ${name}; certs list names them`);
    return managed;
  }

  /** Does something while no CA is asked for anything; rejects where one is. */
  async whileIdle<T>(act: () => Promise<T>): Promise<T> {
    const busy = this.all.find(({ doing }) => doing === 'issue');
    if (busy !== undefined) throw new Error(`an order for ${busy.id} is under way; again when it is over`);
    if (this.#isHeld) throw new Error('keys of accounts are being changed; again in a moment');
    this.#isHeld = true;
    try {
      // Questions about renewal are over in a moment.
      await Promise.all(this.all.filter(({ isBusy }) => isBusy).map((managed) => this.#settled(managed)));
      return await act();
    } finally {
      this.#isHeld = false;
      this.#arm();
    }
  }

  /** Throws where it is not due. */
  #mayRenew(managed: Managed): void {
    const { at, what } = managed.due();
    const issueAt = what === 'issue' ? at : managed.renewAt;
    if (issueAt <= this.#tools.clock.now()) return;
    const when = new Date(issueAt).toISOString();
    throw new Error(`${managed.id} is not due before ${when}; --force asks the CA all the same`);
  }

  /** Gives up what is under way, and is fulfilled when nothing more is written. Where another gate goes on with it, its proofs stay. */
  async stop(isHandedOver = false): Promise<void> {
    this.#isHandedOver = isHandedOver;
    this.#ending.abort(new Error('the gate is about to end'));
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#authorities.close();
    await Promise.all(this.all.filter(({ isBusy }) => isBusy).map((managed) => this.#settled(managed)));
  }

  /** Goes on from what the gate before this one has written until it let go. */
  async takeOver(): Promise<void> {
    if (!this.#isOpen) return;
    await this.ledger.open();
    await this.former.open();
    for (const managed of this.all) {
      const kept = await this.store.read(managed.id);
      if (kept === null) continue;
      managed.restart(kept);
      if (kept.certificate !== null) await this.#use(managed, kept.certificate);
    }
  }

  /** The CA with these settings. */
  authority(settings: AcmeSettings['authorities'][number]): Authority {
    return this.#authorities.of(settings, this.#settings?.email ?? '');
  }

  async #open(): Promise<boolean> {
    if (this.#isOpen) return true;
    try {
      await this.store.open();
      await this.ledger.open();
      await this.former.open();
      this.#isOpen = true;
    } catch (error) {
      this.#tools.warn(
        `certificates cannot be kept in ${this.store.directory} (${(error as Error).message}), so none are asked for; make it writable and reload`,
      );
    }
    return this.#isOpen;
  }

  async #want(groups: readonly (readonly string[])[]): Promise<void> {
    const wanted = groups
      .map((names) => names.filter((name) => !this.#isCovered(name)))
      .filter(({ length }) => length > 0);
    const ids = new Set(wanted.map(([first]) => first));
    for (const { id, shelfId } of this.all)
      if (!ids.has(id)) {
        this.#managed.delete(id);
        await this.#tools.putCertificates([{ kind: 'certificate', id: shelfId, pair: null }]);
      }
    for (const names of wanted) await this.#add(names);
  }

  async #add(names: readonly string[]): Promise<void> {
    const id = names[0]!;
    const read = this.#managed.has(id) ? null : await this.store.read(id);
    // Looked at after the disk was: somebody else may have asked meanwhile.
    const before = this.#managed.get(id);
    if (before?.isFor(names)) return;
    const managed = new Managed(names, before?.kept ?? read);
    this.#managed.set(managed.id, managed);
    // An old certificate for other names is better than none until the new one is there.
    if (managed.kept.certificate !== null) await this.#use(managed, managed.kept.certificate);
  }

  #use({ shelfId }: Managed, { chainPem, keyPem }: KeptCertificate): Promise<void> {
    const pair = { certificate: chainPem, key: keyPem };
    return this.#tools.putCertificates([{ kind: 'certificate', id: shelfId, pair }]);
  }

  #isCovered(name: string): boolean {
    if (this.#covered.includes(name)) return true;
    const dot = name.indexOf('.');
    return !name.startsWith('*.') && dot > 0 && this.#covered.includes(`*${name.slice(dot)}`);
  }

  // ---- what is due

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (!this.#isStarted || this.#isHeld || this.#ending.signal.aborted || this.#settings === null || !this.#isOpen)
      return;
    const now = this.#tools.clock.now();
    for (const managed of this.all) if (!managed.isBusy) managed.forgetFuture(now);
    const next = Math.min(...this.all.filter(({ isBusy }) => !isBusy).map((managed) => managed.due().at));
    const ms = this.#busy >= maxAtOnce ? longestSleepMs : Math.min(longestSleepMs, Math.max(0, next - now));
    this.#timer = setTimeout(() => this.#work(), ms).unref();
  }

  #work(): void {
    const now = this.#tools.clock.now();
    const ready = this.all
      .filter(({ isBusy }) => !isBusy)
      .map((managed) => ({ managed, due: managed.due() }))
      .filter(({ due }) => due.at <= now)
      .sort((a, b) => a.due.at - b.due.at);
    for (const { managed, due } of ready.slice(0, Math.max(0, maxAtOnce - this.#busy))) {
      this.#busy++;
      managed.doing = due.what;
      void (due.what === 'ask' ? this.#ask(managed) : this.#issue(managed));
    }
    this.#arm();
  }

  /** Gets what is wanted as soon as may be, and is fulfilled when that is over. */
  #settle(managed: Managed): Promise<void> {
    const settled = this.#settled(managed);
    this.#arm();
    return settled;
  }

  #settled({ id }: Managed): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]);
    });
  }

  #done(managed: Managed): void {
    this.#busy--;
    managed.doing = null;
    for (const resolve of this.#waiting.get(managed.id) ?? []) resolve();
    this.#waiting.delete(managed.id);
    this.#arm();
  }

  /** Asks the CA when it would have the certificate renewed; a CA that does not say leaves it to us. */
  async #ask(managed: Managed): Promise<void> {
    const { clock, random } = this.#tools;
    const now = clock.now();
    let renewal = { at: managed.renewAt, window: managed.kept.renewal?.window ?? null, askAt: now + askAgainMs(null) };
    try {
      const settings = this.#authorityOf(managed);
      const answer =
        settings === undefined
          ? null
          : await (await this.authority(settings).account()).renewalInfo(managed.certificateId);
      if (answer !== null)
        renewal = renewalBy(managed.kept.renewal, answer.window, now + askAgainMs(answer.retryAfterMs), random());
    } catch (error) {
      // Asked again later; until then the last word of the CA, or our own reckoning, holds (RFC 9773 4.3.3).
      renewal = { ...renewal, askAt: Math.max(renewal.askAt, now + (askedMs(error) ?? 0)) };
    }
    if (!this.#ending.signal.aborted) await this.#keep(managed, { renewal });
    this.#done(managed);
  }

  #authorityOf({ kept }: Managed): AcmeSettings['authorities'][number] | undefined {
    return this.#settings?.authorities.find(({ directory }) => directory === kept.certificate?.authority);
  }

  // ---- issuance

  async #issue(managed: Managed): Promise<void> {
    const { say, warn, clock } = this.#tools;
    let tell = (): void => {};
    try {
      const certificate = await this.#issuer().issue(managed);
      if (this.#managed.get(managed.id) === managed) await this.#use(managed, certificate);
      const { issuers, notBefore, notAfter } = managed.chain!;
      const [from, until] = [notBefore, notAfter].map((ms) => new Date(ms).toISOString());
      tell = () => {
        say(`${managed.id} has a certificate of ${issuers[0]} until ${until}`);
        // Used all the same: if it is our clock that is late, clients take it.
        if (notBefore > clock.now())
          warn(
            `the certificate for ${managed.id} is valid from ${from}, which is still to come by the clock of this machine: set it, timedatectl set-ntp true`,
          );
      };
    } catch (error) {
      if (!this.#ending.signal.aborted) {
        const says = await this.#fail(managed, error as Error);
        tell = () => warn(says);
      }
    }
    this.#done(managed);
    tell();
  }

  #issuer(): Issuer {
    const { clock } = this.#tools;
    return new Issuer({
      settings: this.#settings!,
      clock,
      ledger: this.ledger,
      former: this.former,
      provers: proversOf(this.#settings!, this.http, this.#tools, () => this.#isHandedOver),
      ending: this.#ending.signal,
      authority: (settings) => this.authority(settings),
      keep: (managed, change) => this.#keep(managed, change),
    });
  }

  /** Writes down what went wrong, with what can be seen of its cause, and when it is tried again. */
  async #fail(managed: Managed, error: Error): Promise<string> {
    const { clock, random } = this.#tools;
    const now = clock.now();
    const about = error instanceof ProofFailure ? error.host : managed.id;
    const found = await this.#tools.diagnose(about, error.message).catch(() => []);
    const count = (managed.kept.failure?.count ?? 0) + 1;
    const directories = (this.#settings?.authorities ?? []).map(({ directory }) => directory);
    const asked = isOfCa(error) ? managed.rests.untilFirstMs(directories, now) : askedMs(error);
    const rests = managed.rests.list(now);
    const nextAt = now + pauseMs(count, asked, random());
    const says = [error.message, ...found].join('. ').slice(0, maxSaid);
    await this.#keep(managed, {
      failure: { says, at: now, count, nextAt, rests },
      ...(count >= maxOrderTries && { order: null }),
    });
    return `no certificate for ${managed.names.slice(0, 3).join(', ')}: ${says}; tried again at ${new Date(nextAt).toISOString()}`;
  }

  async #keep(managed: Managed, change: Partial<Managed['kept']>): Promise<void> {
    managed.kept = { ...managed.kept, ...change };
    // Other names are wanted by now: what is kept is theirs.
    if (this.#managed.get(managed.id) !== managed) return;
    try {
      await this.store.write(managed.id, managed.kept);
    } catch (error) {
      // What cannot be kept is still used until the gate ends; an order, though, would be lost, and with it a part of the budget.
      this.#tools.warn(`${this.store.directory} cannot be written: ${(error as Error).message}`);
      if (change.order) throw error;
    }
  }
}
