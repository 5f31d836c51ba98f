// What the laws of `architecture.test.ts` allow, each with its reason. Lists of exceptions may only shrink: the tests fail when one is not needed.

/** A file that may do what its law forbids, and why. */
export type Exceptions = Readonly<Record<string, string>>;

/** The order of the house, from the ground up: whoever stands here may import from what stands before it. Stations are one floor. */
export const floors: readonly (readonly string[])[] = [
  ['base'],
  ['traffic'],
  [
    'bots',
    'config',
    'connections',
    'firewall',
    'http',
    'model',
    'observe',
    'ports',
    'proxy',
    'rates',
    'rules',
    'tls',
    'waf',
  ],
  ['generation.ts'],
  [
    'departure.ts',
    'gate.ts',
    'drain.ts',
    'held-body.ts',
    'held-answer.ts',
    'answer-out.ts',
    'grpc-call.ts',
    'tarpit.ts',
    'own-answers.ts',
    'markings.ts',
    'body-recorder.ts',
    'offending.ts',
  ],
  ['arrivals.ts', 'body-judges.ts', 'securing.ts', 'without-request.ts'],
  ['judge-head.ts', 'passage.ts'],
  ['gateway.ts'],
  ['rehearsal.ts'],
  ['admin'],
  ['acme'],
  ['supervisor'],
  ['cli'],
  ['main.ts'],
];

/** Imports that lead out of `src`. */
export const outside: Exceptions = {
  'src/cli/demo.ts': 'the demonstration starts the shop of `demo/` and prints the attacks that are kept beside it',
};

/** Modules of Node that reach the world, and who may import them. A folder ends in `/`. Everything else must be handed in. */
export const rim: Readonly<Record<string, readonly string[]>> = {
  'node:net': [
    'src/ports/',
    'src/tls/',
    'src/http/',
    'src/proxy/',
    'src/supervisor/control.ts',
    'src/acme/dns-update.ts',
    'src/supervisor/certificates/probe.ts',
    'src/cli/',
    'src/observe/sinks.ts',
  ],
  'node:tls': [
    'src/tls/',
    'src/proxy/',
    'src/cli/',
    'src/acme/https-call.ts',
    'src/supervisor/certificates/probe.ts',
    'src/observe/sinks.ts',
    'src/observe/log-credentials.ts',
  ],
  'node:http': ['src/admin/'],
  'node:https': ['src/acme/https-call.ts'],
  'node:http2': [],
  'node:dgram': ['src/observe/sinks.ts'],
  'node:dns': ['src/proxy/resolver.ts', 'src/bots/reverse-lookup.ts'],
  'node:dns/promises': ['src/cli/', 'src/supervisor/never-ban.ts', 'src/supervisor/certificates/look-up.ts'],
  'node:fs': [
    'src/admin/',
    'src/config/',
    'src/observe/',
    'src/tls/',
    'src/cli/',
    'src/supervisor/',
    'src/ports/reader.ts',
  ],
  'node:fs/promises': ['src/config/', 'src/observe/', 'src/tls/', 'src/cli/', 'src/supervisor/'],
  'node:os': ['src/config/places.ts', 'src/supervisor/', 'src/tls/files.ts'],
  'node:child_process': [
    'src/firewall/nftables/program.ts',
    'src/cli/programs.ts',
    'src/supervisor/kernel/guard.ts',
    'src/supervisor/certificates/dns-prover.ts',
    'src/supervisor/link.ts',
    'src/supervisor/own-commands.ts',
    'src/supervisor/heir.ts',
    'src/supervisor/service-manager.ts',
  ],
  'node:worker_threads': [
    'src/cli/learn-models.ts',
    'src/supervisor/history/',
    'src/supervisor/list-reader.ts',
    'src/supervisor/list-thread.ts',
  ],
  'node:cluster': [],
  'node:sqlite': ['src/supervisor/ban-store.ts', 'src/supervisor/history/'],
  'node:zlib': ['src/http/', 'src/supervisor/history/packing.ts'],
  'node:readline': ['src/cli/'],
  'node:timers/promises': [
    'src/cli/',
    'src/supervisor/certificates/certificates.ts',
    'src/supervisor/certificates/dns-prover.ts',
    'src/supervisor/kernel/tracked.ts',
  ],
};

/** The one file of a station that decides which reaches the world all the same: the kernel's firewall is spoken to through nft. */
export const kernelRim = 'src/firewall/nftables/program.ts';

/** What `node:net` has beside sockets: questions about text. */
export const harmlessNames: ReadonlySet<string> = new Set(['isIP', 'isIPv4', 'isIPv6']);

/** Packages that `src` may import, and from where. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  'mmdb-lib': ['src/config/'],
  yaml: ['src/config/'],
  zod: ['src/config/', 'src/admin/'],
};

/** Globals and functions that bring time, chance, the environment or the console, by law 5 arguments. */
export const ambient: Readonly<Record<string, Exceptions>> = {
  'Date.now': { 'src/base/clock.ts': 'it is the clock' },
  'new Date': {},
  performance: {
    'src/base/clock.ts': 'it is the clock',
    'src/gateway.ts': 'durations of stations in microseconds: a call through `Clock` costs more than what is measured',
    'src/judge-head.ts': 'durations, as in gateway.ts',
    'src/passage.ts': 'durations, as in gateway.ts',
    'src/securing.ts': 'durations, as in gateway.ts',
    'src/rehearsal.ts': 'durations, as in gateway.ts',
    'src/proxy/turn.ts': 'which turn of the event loop this is; no time',
    'src/cli/learn-crowd.ts': 'how long it took, for people',
    'src/cli/learn-models.ts': 'how long it took, for people',
    'src/main.ts': 'tells one Ctrl-C from two; main.ts makes the world that others are handed',
  },
  'Math.random': {},
  console: {},
  process: {
    'src/base/clock.ts': 'it is the clock: CPU time of the thread',
    'src/main.ts': 'makes the world of a process, which everything else is handed',
    'src/supervisor/control.ts': 'its own pid as an answer, and the umask around making the socket',
    'src/supervisor/answers.ts': 'memory that the machine has left, and its own pid as an answer',
    'src/supervisor/supervisor.ts': 'its own pid as an answer',
    'src/supervisor/link.ts': 'which Node runs workers, and its own pid',
    'src/supervisor/own-commands.ts': 'which Node runs commands',
    'src/supervisor/configuration-desk.ts': 'its own pid in the name of a file that lies beside another for a moment',
    'src/supervisor/figures.ts': 'its own memory',
    'src/supervisor/heir.ts': 'which Node runs a successor, and the environment that it gets',
    'src/cli/run.ts': 'its signals, its pid for people, and the words that a successor is started with',
    'src/cli/learn-crowd.ts': 'its own memory',
    'src/cli/learn-models.ts': 'its own memory',
    'src/cli/kernel-tools.ts': 'its own pid, from which the session of SSH above it is found',
    'src/cli/firewall-kernel.ts': 'SIGHUP: a guard outlives its terminal',
    'src/supervisor/kernel/guard.ts': 'the program that a guard runs is its own, and it is ended by its pid',
    'src/tls/files.ts': 'its own user id, for the sentence about an unreadable file',
    'src/proxy/upstream.ts': '`nextTick` alone: what one read brought goes out in one write',
    'src/tls/handshake.ts': '`nextTick` alone: a failure must not be told within the call that began the handshake',
    'src/tls/native-tls.ts': '`binding` alone: what Node has beneath a TLSSocket',
    'src/tls/handshakes.ts': '`nextTick` alone: what is to come behind the tick in which node reads the hello',
  },
  setTimeout: {
    'src/supervisor/certificates/keeper.ts': 'wakes for what is due next',
    'src/supervisor/certificates/revocation.ts': 'asks a CA again that was busy',
    'src/supervisor/port-watch.ts':
      "the longest time that whoever asks for the status waits for the kernel's table of sockets",
    'src/supervisor/certificates/issuer.ts': 'pauses between two looks at an order',
    'src/firewall/nftables/program.ts': 'the longest run of nft',
    'src/supervisor/kernel/guard.ts': 'the longest wait for a guard to be ready',
    'src/cli/firewall-kernel.ts': 'the deadline that a guard waits for',
    'src/supervisor/history/history.ts': 'the longest time that whoever asks for the status waits for the disk',
    'src/observe/sinks.ts': 'the longest time that a server may take a batch',
    'src/observe/tracer.ts': 'spans wait some ms for others; the timer is unrefed and ends with the tracer',
    'src/observe/journal.ts': 'writes what gathered within some ms; the timer is unrefed and ends with the journal',
    'src/drain.ts': 'looks every 20 ms whether the last connection is over',
    'src/supervisor/heir.ts': 'the longest wait for a word of the successor',
    'src/supervisor/crew.ts':
      'the pause before a successor, the deadline of one that leaves, and what is sent together',
    'src/cli/ask.ts': 'the deadline of a question to the gate',
    'src/cli/trace-walk.ts': 'the deadline of a step',
  },
  setInterval: {
    'src/connections/deadlines.ts': 'the one timer that all deadlines of traffic share',
    'src/supervisor/ban-keeper.ts': 'once a second: what of bans and blocklists is due',
    'src/supervisor/worker.ts': 'the pulse: what others must know',
    'src/supervisor/records.ts': 'a point of the figures, once a second',
    'src/supervisor/service-manager.ts': 'signs of life for the watchdog of systemd',
    'src/supervisor/crew.ts': 'looks whether a worker stalls',
    'src/supervisor/dashboard.ts': 'the ticking that the admin station is handed',
    'src/supervisor/tls-keeper.ts': 'the age of ticket keys',
  },
  setImmediate: {
    'src/supervisor/port-watch.ts':
      'a long table of the kernel is read in pieces, and commands have their turn between them',
    'src/supervisor/worker.ts': 'a generation is built in pieces, and traffic has its turn between them',
    'src/http/h2-stream.ts': 'what a turn of the event loop brought is answered in one write a connection',
    'src/gateway.ts': 'connections that a ban ends are looked for once a turn, not once a ban',
  },
  randomInt: {
    'src/supervisor/supervisor.ts': 'the seed that a generation is handed',
    'src/supervisor/certificates/certificates.ts': 'the chance that the keeper of certificates is handed',
    'src/acme/dns-update.ts': 'the number of a DNS message, which tells answers apart; they are signed besides',
  },
  randomFillSync: {
    'src/supervisor/worker.ts': 'the source that `Identifiers` is handed',
    'src/supervisor/tracing.ts': 'the source that a tracer is handed',
  },
  randomBytes: {
    'src/supervisor/certificates/doctor.ts': 'a token that nobody can guess, shown for one request',
    'src/cli/dashboard.ts': 'a token for a program, which is kept nowhere',
    'src/supervisor/dashboard.ts': 'secrets of sessions, which the admin station is handed',
    'src/supervisor/tls-keeper.ts': 'ticket keys, which workers are handed',
    'src/proxy/secrets.ts': 'the key that signs cookies, made once and kept in a file',
  },
  randomUUID: { 'src/tls/files.ts': 'a name for a temporary file: no decision hangs on it' },
  fetch: {
    'src/supervisor/certificates/certificates.ts':
      'asks the program of the owner about a name; what it decides is tested with answers of its own',
    'src/supervisor/tracing.ts': 'hands it to the tracer, which is tested with its own collector',
    'src/supervisor/ban-keeper.ts': 'hands it to the keeper of blocklists, which is tested with its own servers',
  },
  eval: {},
};

/** Patterns outside `waf/regex`. Nothing of traffic may be in their reach. */
export const patterns: Exceptions = {
  'src/rehearsal.ts': 'takes brackets and stars off what the owner of the gate typed, bounded by the control socket',
  'src/supervisor/figures.ts': 'splits a line of /proc/self/limits',
};

/** Maps and sets that live longer than a call and are not `Bounded`, and what bounds them. */
export const maps: Exceptions = {
  'src/base/bounded.ts': 'it is the bound',
  'src/arrivals.ts':
    'connections whose PROXY header is awaited: counted towards `limits.max_connections` before one is added',
  'src/config/document.ts': 'anchors of one YAML document, which is bounded by its size',
  'src/proxy/pool.ts': 'connections on their way, each of which carries a request of a live connection',
  'src/proxy/origin.ts': 'the sites that share an upstream',
  'src/proxy/route.ts': 'waiting requests: `queue.length` is asked before one is added',
  'src/proxy/build.ts': 'upstreams of the settings, made once',
  'src/proxy/upstreams.ts': 'upstreams of the settings, made once; weak for what is counted of each',
  'src/connections/connections.ts': 'live connections: `limits.max_connections` is asked before one is added',
  'src/connections/clients.ts':
    'clients with a live connection, here or in another worker: never more than connections; those gone are `Bounded`',
  'src/connections/deadlines.ts': 'deadlines of live connections and upstreams, each of which has one',
  'src/firewall/algebra-difference.ts': 'sources that change together: no more than stretches of ports, and `maxRuns`',
  'src/firewall/algebra-findings.ts': 'pairs of rules, `maxPairs` at most',
  'src/supervisor/kernel/keeper.ts': 'what is due: three parts',
  'src/firewall/nftables/listing.ts': 'sets of one table, made once from the rules',
  'src/supervisor/ban-store.ts': 'writes of one second, by target: as many as bans may be, `bans.max_entries`',
  'src/firewall/import/nft.ts': 'chains and sets of one list of nftables, bounded by `maxImportLength`',
  'src/firewall/policy.ts': 'one table a protocol and family, made once from the rules',
  'src/tarpit.ts': 'clients that are held: `bots.tarpit.max_held` is asked before one is added',
  'src/bots/verified-bots.ts': 'questions under way: `maxAsking`',
  'src/model/paths.ts': 'templates of one document: `maxOperations`',
  'src/model/schema.ts': 'schemas of one document while it is compiled: `maxSchemas`',
  'src/gateway.ts': 'live connections, bounded by `limits.max_connections`',
  'src/securing.ts': 'live connections within their handshake, bounded by `limits.max_connections`',
  'src/http/h2-connection.ts': 'open streams: `limits.max_concurrent_streams` is asked before one is added',
  'src/http/h2-forgotten.ts': 'streams that we ended early, up to `maxForgotten`',
  'src/http/h2-sending.ts': 'open streams that wait for a window or the socket',
  'src/http/h2-encoder.ts': 'entries of a table of 4096 bytes, and names up to `maxNames`',
  'src/http/sites.ts': 'hosts of the settings, made once',
  'src/observe/observe.ts': 'counts a reason: as many as the table of reasons has rows',
  'src/observe/chooser.ts': 'kinds: two halves of `maxKinds`, the older half dropped whole; tallies: reasons by site',
  'src/observe/measures.ts': 'layers by outcome, sites of the settings, and rules up to `maxRules`',
  'src/cli/connections.ts': 'rows of one answer, which is bounded',
  'src/supervisor/chronicle.ts': 'workers: as many as there are',
  'src/supervisor/log-rotation.ts': 'files of logs that the configuration names',
  'src/supervisor/history/history.ts':
    'orders that were not replied to: a batch a worker, and as many as questions at once',
  'src/proxy/h2-upstream.ts': 'exchanges that wait for one connection, up to `maxWaiting`',
  'src/tls/names.ts': 'names of the certificates, made once',
  'src/tls/handshakes.ts': 'weak, and keyed by a live socket or a certificate in use',
  'src/tls/ticket-keys.ts': 'weak, and keyed by a certificate in use',
  'src/tls/shelf.ts': 'certificates that the supervisor was given by their owner, none by traffic',
  'src/http/challenge-answers.ts': 'tokens of the orders under way, given whole by the supervisor',
  'src/supervisor/crew.ts': 'workers: as many as `workers` says',
  'src/supervisor/port-watch.ts': 'endpoints of the settings',
  'src/supervisor/certificates/authorities.ts': 'CAs that the settings name: at most three',
  'src/supervisor/certificates/keeper.ts': 'certificates of the settings, and up to `maxDemanded` more',
  'src/supervisor/certificates/revocation.ts':
    'certificates that are being revoked: some of the former ones, of which there are `maxFormer`',
  'src/supervisor/certificates/provers.ts': 'proofs of the orders under way, of which there are `maxAtOnce`',
  'src/supervisor/certificates/on-demand.ts':
    'names that were granted and are asked about: `tls.on_demand.max` and `maxAsking`',
  'src/tls/wanted-names.ts': 'names that are waited for, `maxWaiting` at most',
  'src/supervisor/necrology.ts': 'workers: as many as `workers` says',
  'src/supervisor/ledger.ts': 'clients with a connection, by worker: never more than connections',
  'src/supervisor/member.ts': 'orders that were not replied to: as many as questions at once',
  'src/supervisor/worker.ts': 'listeners of the settings',
  'src/waf/compile/compiler.ts': 'one pattern and one list of phrases a rule of the files that are compiled',
  'src/waf/program/stages.ts': 'stages of one view: `maxStages`, made anew when there are more',
  'src/waf/program/needed.ts': 'values of one phase of one transaction that a rule has to see',
  'src/waf/program/memory.ts': 'two halves of `maxRemembered`, the older half dropped whole',
  'src/waf/program/stretches.ts': 'rules of the files',
  'src/waf/compile/fold.ts': 'members of TX that the files name, and where their rules lead',
  'src/waf/compile/plan.ts': 'one pattern or list of phrases a rule of the files',
  'src/waf/compile/load.ts': 'ids and defaults of the files that are compiled',
  'src/waf/compile/words.ts': 'the words of the language',
  'src/waf/transaction/lasting.ts':
    'members of one collection: counted, at most 128; what others were not told yet: `maxTold` members',
  'src/waf/transaction/members.ts':
    'members that one transaction writes: counted, at most 4096; names that a pattern was asked about, at most 512',
  'src/waf/regex/dfa.ts': 'states of one automaton: emptied when its table or their steps reach 64 KiB',
  'src/waf/regex/union.ts': 'states of one automaton, as in dfa.ts: 256 KiB',
  'src/waf/regex/program.ts': 'numbers of sets and assertions while one pattern is compiled, bounded by its length',
  'src/waf/regex/parse.ts': 'sets of bytes while one pattern is read, bounded by its length',
  'src/waf/regex/required.ts': 'what sets of bytes require while one pattern is walked, bounded by its length',
  'src/waf/regex/filter.ts': 'numbers of texts while one set is compiled, bounded by its patterns',
  'src/waf/regex/possible.ts': 'answers by kinds of characters: all are found anew when there are more than `maxKept`',
  'src/waf/clean.ts': 'two halves of `maxEntries`, the older half dropped whole',
};

/** Files that hold a table at their top that is filled as they load: a statement that is no declaration. */
export const effects: Exceptions = {
  'src/supervisor/history/history-thread.ts': 'it is the program of a thread, and does nothing in any other',
  'src/supervisor/list-thread.ts': 'it is the program of a thread, and does nothing in any other',
  'src/traffic/field-names.ts': 'fills its own constant look-up table from the list of names above it',
};

/** Files longer than 400 lines: what they may have at most, and why. Lower a number when its file shrinks by more than a tenth. */
export const longFiles: Readonly<Record<string, { readonly lines: number; readonly because: string }>> = {
  'src/passage.ts': {
    lines: 590,
    because: 'one state machine: what one callback leaves, the next takes up',
  },
  'src/http/h1.ts': { lines: 540, because: 'one state machine of a client connection' },
  'src/proxy/upstream.ts': { lines: 510, because: 'one state machine of an upstream connection' },
};

/** The families of words of SecLang. */
export const families: readonly string[] = [
  'src/waf/actions',
  'src/waf/operators',
  'src/waf/transformations',
  'src/waf/variables',
];

/** What a family shares: what its words are, and what several of them are made of. */
export const kin: readonly string[] = [
  'src/waf/actions/action.ts',
  'src/waf/operators/operator.ts',
  'src/waf/transformations/transformation.ts',
  'src/waf/transformations/percent.ts',
  'src/waf/variables/pairs.ts',
  'src/waf/variables/variable.ts',
];

/** Exported functions, classes and constants without a contract. */
export const undocumented: Exceptions = {};

/** Sources that no test of their folder imports, by what tests them instead. */
const testedElsewhere: readonly (readonly [string, string])[] = [
  [
    'test/kernel drives them in network namespaces, as a person over a connection would',
    'src/cli/apply.ts src/cli/firewall-kernel.ts src/cli/kernel-tools.ts src/cli/plan.ts src/cli/rollback.ts src/supervisor/kernel/candidate.ts src/supervisor/kernel/commit.ts src/supervisor/kernel/guard.ts src/firewall/rule-setting.ts src/supervisor/kernel/outside.ts src/supervisor/kernel/keeper.ts src/supervisor/following.ts src/supervisor/list-thread.ts src/supervisor/kernel/whole-ruleset.ts src/supervisor/kernel/untracked.ts src/cli/firewall-exposure.ts src/firewall/exposure/exposure.ts src/firewall/exposure/hints.ts src/firewall/exposure/packet.ts src/firewall/exposure/compare.ts src/firewall/exposure/simulate.ts',
  ],
  [
    '`admin.test.ts`, over real sockets',
    'src/admin/endpoints/all-endpoints.ts src/admin/endpoints/bans.ts src/admin/endpoints/configuration.ts src/admin/endpoints/connections.ts src/admin/endpoints/firewall.ts src/admin/endpoints/gate.ts src/admin/endpoints/journeys.ts src/admin/endpoints/learn.ts src/admin/endpoints/waf.ts src/admin/openapi.ts src/admin/server.ts',
  ],
  ['`learner.test.ts`, and test/model-learning.test.ts over two workers', 'src/model/shape.ts src/cli/waf-learn.ts'],
  ['test/scenarios/purge.test.ts, through the command', 'src/cli/purge.ts src/supervisor/history/purge.ts'],
  ['test/browser drives them as a person does', 'src/cli/dashboard.ts src/supervisor/dashboard.ts'],
  [
    '`model.test.ts`, through the door',
    'src/model/body-judge.ts src/model/formats.ts src/model/judgement.ts src/model/openapi.ts src/model/paths.ts src/model/texts.ts',
  ],
  ['`learn.test.ts`, through the command', 'src/cli/learn-crowd.ts src/cli/learn-models.ts'],
  [
    'test/scenarios drives them as traffic does',
    'src/supervisor/ban-keeper.ts src/answer-out.ts src/without-request.ts src/arrivals.ts src/securing.ts src/departure.ts src/gate.ts src/held-body.ts src/main.ts src/markings.ts src/offending.ts src/body-judges.ts src/judge-head.ts src/own-answers.ts src/tarpit.ts src/bots/bots.ts',
  ],
  [
    'test/scenarios/http2-upstream.test.ts, http2-web-socket.test.ts and grpc.test.ts, against nghttp2, grpc-js, ws and raw frames',
    'src/proxy/h2-exchange.ts src/proxy/h2-pool.ts src/proxy/h2-upstream.ts src/proxy/web-socket-by-http1.ts',
  ],
  [
    'HPACK by `h2-decoder.test.ts`, floods by `h2-connection.test.ts`, and the rest by test/scenarios/http2.test.ts against nghttp2 and raw frames',
    'src/http/h2-abuse.ts src/http/h2-answer.ts src/http/h2-blocks.ts src/http/h2-client.ts src/http/h2-control.ts src/http/h2-data.ts src/http/h2-receiving.ts src/http/h2-sending.ts src/http/h2-field.ts src/http/h2-huffman.ts src/http/h2-server-stream.ts src/http/h2-side.ts src/http/h2-static-table.ts src/http/h2-web-socket.ts',
  ],
  [
    'test/workers.test.ts kills, stalls and reloads what they make',
    'src/cli/reload.ts src/drain.ts src/supervisor/blueprint.ts src/supervisor/certifying.ts src/supervisor/changeover.ts src/supervisor/commands.ts src/supervisor/crew.ts src/supervisor/crew-status.ts src/supervisor/drawing.ts src/supervisor/link.ts src/supervisor/member.ts src/supervisor/necrology.ts src/supervisor/notices.ts src/supervisor/sharing.ts src/supervisor/tls-keeper.ts src/supervisor/turns.ts src/supervisor/worker-process.ts src/supervisor/worker.ts',
  ],
  [
    'test/upgrade.test.ts puts one program in the place of another',
    'src/cli/upgrade.ts src/supervisor/handover.ts src/supervisor/heir.ts src/supervisor/inheritance.ts src/supervisor/succession.ts',
  ],
  [
    'test/demo.test.ts and test/commands.test.ts run it as a person would',
    'src/cli/check.ts src/cli/explain-journal.ts src/cli/figures.ts src/cli/help.ts src/cli/metrics.ts src/cli/run.ts src/cli/trace-text.ts src/cli/trace-walk.ts src/cli/upstream-probe.ts src/supervisor/answers.ts src/supervisor/figures.ts src/supervisor/listeners.ts src/supervisor/supervisor.ts src/supervisor/trouble.ts',
  ],
  ['`counters.test.ts` and `buckets.test.ts`: what both kinds of table share', 'src/rates/key-table.ts'],
  [
    '`rules.test.ts`: conditions with what they mean, and faults letter by letter',
    'src/rules/condition.ts src/rules/fields.ts src/rules/hints.ts src/rules/rule.ts src/rules/tokens.ts src/rules/values.ts',
  ],
  ['test/scenarios/rates.test.ts: bodies that are counted by a field', 'src/rates/body-judge.ts'],
  [
    '`src/cli/replay.test.ts`: false alarms and changed configurations against real gates',
    'src/cli/attack-samples.ts src/cli/offline.ts src/cli/recorded.ts src/cli/waf-exclude.ts',
  ],
  [
    'the table of its folder that goes through `config.test.ts`: messages letter by letter',
    'src/config/admin-kinds.ts src/config/agreement.ts src/config/issues.ts src/config/kinds.ts src/config/load.ts src/config/places.ts src/config/problems.ts src/config/schema.ts src/config/schema-firewall.ts src/config/schema-rates.ts src/config/schema-rules.ts src/config/schema-bots.ts src/config/schema-model.ts src/config/plain-document.ts src/config/schema-waf.ts src/config/translate.ts src/config/acme-kinds.ts src/config/limit-kinds.ts',
  ],
  [
    'the attacks, ordinary texts and properties of `attacks.test.ts`, `ordinary.test.ts` and `waf.test.ts`',
    'src/waf/arguments.ts src/waf/bodies/buffered.ts src/waf/bodies/charset.ts src/waf/bodies/form-data.ts src/waf/bodies/interpret.ts src/waf/bodies/xml.ts src/waf/head.ts src/waf/inspection.ts src/waf/reasons.ts src/waf/telling.ts',
  ],
  [
    'the table of its family, through the detector',
    'src/waf/detectors/address-host.ts src/waf/detectors/code-php.ts src/waf/detectors/code-script.ts src/waf/detectors/html-tags.ts src/waf/detectors/html-words.ts src/waf/detectors/script.ts src/waf/detectors/shell-arguments.ts src/waf/detectors/shell-command.ts src/waf/detectors/shell-names.ts src/waf/detectors/shell-tricks.ts src/waf/detectors/shell-words.ts src/waf/detectors/sql-expression.ts src/waf/detectors/sql-grammar.ts src/waf/detectors/sql-injection.ts src/waf/detectors/sql-marks.ts src/waf/detectors/sql-reading.ts src/waf/detectors/sql-statements.ts src/waf/detectors/sql-weighing.ts src/waf/detectors/sql-words.ts',
  ],
  [
    'the test of its folder, through the compiler and the loop, `test/agree/rules.test.ts` and `test/scenarios/waf-rules.test.ts`',
    'src/waf/base-rules.ts src/waf/rule-sources.ts src/held-answer.ts src/config/rule-files.ts src/waf/compile/fold.ts src/waf/compile/stretches.ts src/waf/compile/plan.ts src/waf/program/stages.ts src/waf/compile/clusters.ts src/waf/compile/compiler.ts src/waf/compile/link.ts src/waf/compile/macro.ts src/waf/compile/rule.ts src/waf/compile/settings.ts src/waf/compile/targets.ts src/waf/program/match.ts src/waf/transaction/body.ts src/waf/transaction/members.ts src/waf/transaction/transaction.ts src/waf/marks.ts',
  ],
  [
    'the tables of `regex.test.ts` and `set.test.ts`, through the door, and `test/agree/regex.test.ts` against PCRE2',
    'src/waf/regex/backtrack.ts src/waf/regex/captures.ts src/waf/regex/classes.ts src/waf/codes.ts src/waf/regex/cursor.ts src/waf/regex/dfa.ts src/waf/regex/escapes.ts src/waf/regex/filter.ts src/waf/regex/frontier.ts src/waf/regex/groups.ts src/waf/regex/literals.ts src/waf/regex/lower.ts src/waf/regex/meter.ts src/waf/regex/parse-class.ts src/waf/regex/parse-group.ts src/waf/regex/parse.ts src/waf/regex/pattern.ts src/waf/regex/phrases.ts src/waf/regex/places.ts src/waf/regex/possible.ts src/waf/regex/problem.ts src/waf/regex/program.ts src/waf/regex/union.ts src/waf/regex/signs.ts src/waf/regex/sweep.ts src/waf/regex/tree.ts src/waf/regex/visited.ts',
  ],
  [
    '`decode.test.ts`, one table for all',
    'src/waf/decodings/base64.ts src/waf/decodings/entities.ts src/waf/decodings/escapes.ts src/waf/decodings/percent.ts src/waf/decodings/unicode.ts',
  ],
  [
    '`proxy-troubles.test.ts`: bodies, and bytes that were there before the request',
    'src/proxy/body-piece.ts src/proxy/turn.ts',
  ],
  [
    '`content-decoder.test.ts`, through every coding',
    'src/http/inflater.ts src/http/native-coder.ts src/http/zstd-frame.ts',
  ],
  [
    'test/scenarios/acme-doctor.test.ts, against a CA and a name server that run',
    'src/cli/managed-certificates.ts src/supervisor/certificates/doctor.ts src/supervisor/certificates/kernel-sight.ts src/supervisor/certificates/look-up.ts src/supervisor/certificates/probe.ts',
  ],
  [
    '`keeper.test.ts` and test/scenarios/acme.test.ts, against a CA that runs (Pebble)',
    'src/supervisor/certificates/authority.ts src/supervisor/certificates/certificates.ts src/supervisor/certificates/issuer.ts src/supervisor/certificates/provers.ts src/supervisor/certificates/wish.ts',
  ],
  [
    '`acme.test.ts`, against a CA that runs (Pebble)',
    'src/acme/account.ts src/acme/ca-session.ts src/acme/certificate-key.ts src/acme/chain.ts src/acme/https-call.ts src/acme/challenge-certificate.ts src/acme/issuance.ts src/acme/jws.ts src/acme/proofs.ts',
  ],
  [
    'test/scenarios/client-certificates.test.ts, with a CA of clients; `config.test.ts` for the settings; `certs.test.ts` for programs',
    'src/tls/client-certificates.ts src/config/tls-kinds.ts src/cli/programs.ts',
  ],
  [
    '`tls.test.ts`, `certificates.test.ts` and `local-ca.test.ts`, over real sockets and files',
    'src/tls/policies.ts src/tls/certificate-checks.ts src/tls/certificate-faults.ts src/tls/handshake.ts src/tls/handshakes.ts src/tls/key-pair.ts src/tls/ticket-keys.ts',
  ],
  [
    'the tests of their folder, through the door',
    'src/connections/clients.ts src/connections/table.ts src/firewall/rule-fields.ts src/http/h1-stream.ts src/http/tokens.ts src/observe/audit-native.ts src/observe/audit-record.ts src/observe/layout.ts src/ports/arrival.ts src/proxy/build.ts src/proxy/dial.ts src/proxy/endpoint.ts src/proxy/origin.ts src/proxy/route.ts src/proxy/target.ts src/proxy/upstream.ts src/proxy/upstreams.ts src/proxy/waiting.ts src/rates/policy.ts',
  ],
  [
    '`algebra.test.ts`, one set of properties for all, and `firewall.test.ts` of the commands',
    'src/cli/firewall-analyse.ts src/cli/firewall-load.ts src/firewall/algebra-difference.ts src/firewall/algebra-findings.ts src/firewall/algebra-space.ts src/firewall/expectation.ts',
  ],
  [
    'what the real programs print, in `test/import.test.ts`, and `import.test.ts`',
    'src/cli/firewall-import.ts src/firewall/import/aws.ts src/firewall/import/nft.ts src/firewall/import/nft-json.ts src/firewall/import/nft-rule.ts src/firewall/import/ufw.ts src/firewall/import/yaml.ts',
  ],
  ['`src/cli/waf-offline.test.ts`, through the command', 'src/waf/listing.ts'],
  [
    'test/scenarios/history.test.ts, metrics.test.ts and logs-and-traces.test.ts, over a gate, and the tests of their folder',
    'src/config/log-kinds.ts src/observe/access-logs.ts src/observe/kept.ts src/observe/measures.ts src/observe/opening.ts src/observe/spans.ts src/supervisor/metrics.ts src/supervisor/records.ts src/supervisor/tracing.ts src/supervisor/history/address-key.ts src/supervisor/history/filters.ts src/supervisor/history/history.ts src/supervisor/history/history-thread.ts',
  ],
  [
    'records and small tools that every other test uses',
    'src/base/address-faults.ts src/base/bytes.ts src/base/clock.ts src/traffic/exchange.ts src/traffic/fault.ts src/traffic/history.ts src/traffic/log-target.ts src/traffic/journey.ts src/traffic/outgoing.ts src/traffic/verdict.ts src/traffic/wire.ts',
  ],
];

/** The same, by file. */
export const untested: Exceptions = Object.fromEntries(
  testedElsewhere.flatMap(([because, paths]) => paths.split(' ').map((path) => [path, because])),
);

/** Reasons that faults of an upstream's answer have. They are told as `proxy/bad-answer` with their sentence. */
export const answerFaults: readonly string[] = ['http/bad-status-line', 'http/body-where-none'];
