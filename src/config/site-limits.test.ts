import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Configuration, ConfigurationTrouble, settingsFrom } from './config.ts';

type Site = NonNullable<Configuration['sites']>[number];

const bySite = (site: Partial<Site>) =>
  settingsFrom({
    limits: { max_body: '1MiB', min_body_grace: '7s' },
    proxy: { answer_timeout: '20s' },
    sites: [{ to: 3000, ...site }],
  }).sites[0]!;

test('a site has the limits of the whole gate where it says nothing, and each of its own where it does', () => {
  const whole = {
    maxBodyBytes: 1_048_576,
    answerTimeoutMs: 20_000,
    connectTimeoutMs: 5000,
    queueWaitMs: 5000,
    maxRetries: 2,
    minBodyBytesPerSecond: 500,
    minBodyGraceMs: 7000,
    maxGrpcSilenceMs: 60_000,
    maxGrpcMessageBytes: null,
    maxGrpcMessages: null,
    maxGrpcAnswerMessageBytes: null,
    maxGrpcAnswerMessages: null,
  };
  assert.deepEqual(bySite({}).limits, whole);
  assert.deepEqual(bySite({}).paths, []);
  assert.deepEqual(
    bySite({
      max_body: 5,
      answer_timeout: '1s',
      connect_timeout: '2s',
      retries: { max: 1 },
      queue: { wait: '3s' },
      min_body_bytes_per_second: 0,
      min_body_grace: '0s',
      max_grpc_message: '4KiB',
      max_grpc_messages: 9,
      max_grpc_answer_message: '8KiB',
      max_grpc_answer_messages: 7,
      max_grpc_silence: '2h',
    }).limits,
    {
      maxBodyBytes: 5,
      answerTimeoutMs: 1000,
      connectTimeoutMs: 2000,
      queueWaitMs: 3000,
      maxRetries: 1,
      minBodyBytesPerSecond: 0,
      minBodyGraceMs: 0,
      maxGrpcSilenceMs: 7_200_000,
      maxGrpcMessageBytes: 4096,
      maxGrpcMessages: 9,
      maxGrpcAnswerMessageBytes: 8192,
      maxGrpcAnswerMessages: 7,
    },
  );
});

test('each limit under a path is that of the longest path that names it, whatever their order in the file', () => {
  const { paths } = bySite({
    max_body: '2MiB',
    paths: [
      { path: '/a/b/', answer_timeout: '1m' },
      { path: '/a', max_body: '3MiB', answer_timeout: '2m' },
      { path: '/ab', min_body_grace: '1s' },
      { path: '/a/b/c', max_body: '4MiB' },
    ],
  });
  assert.deepEqual(
    paths.map(({ path, maxBodyBytes, answerTimeoutMs, minBodyGraceMs }) => [
      path,
      maxBodyBytes / 1_048_576,
      answerTimeoutMs / 1000,
      minBodyGraceMs / 1000,
    ]),
    [
      ['/a/b/c', 4, 60, 7],
      ['/a/b', 3, 60, 7],
      ['/ab', 2, 20, 1],
      ['/a', 3, 120, 7],
    ],
  );
});

test('how an upstream is waited for, and how often it is tried, is a matter of the path, too', () => {
  const { paths } = bySite({
    connect_timeout: '2s',
    retries: { max: 1 },
    queue: { wait: '3s' },
    paths: [
      { path: '/a', connect_timeout: '1s', max_retries: 0 },
      { path: '/a/b', queue_wait: '9s' },
    ],
  });
  assert.deepEqual(
    paths.map(({ path, connectTimeoutMs, queueWaitMs, maxRetries }) => [
      path,
      connectTimeoutMs,
      queueWaitMs,
      maxRetries,
    ]),
    [
      ['/a/b', 1000, 9000, 0],
      ['/a', 1000, 3000, 0],
    ],
  );
});

/** What is told of these sites, `place code says`. */
function told(...sites: Site[]): string[] {
  try {
    settingsFrom({ sites });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigurationTrouble);
    return error.problems.map(({ path, code, says }) => `${path.join('.')} ${code} ${says}`);
  }
}

test('paths that hold for no request, or say a thing twice, are problems', () => {
  const big = { max_body: '1GiB' };
  const site = { host: 'a.example', path: '/app', to: 3000 };
  assert.deepEqual(
    told({
      ...site,
      paths: [
        { path: '/app/up', ...big },
        { path: '/app/up/', answer_timeout: '5m' },
        { path: '/app/none' },
        { path: '/app', ...big },
        { path: '/application', ...big },
      ],
    }),
    [
      'sites.0.paths.1.path config/double-path path 1 of this site is /app/up already',
      'sites.0.paths.2 config/path-without-limit nothing is said of /app/none',
      'sites.0.paths.3.path config/path-is-site the whole site is under /app',
      'sites.0.paths.4.path config/path-outside-site this site serves /app, and /application is not under it',
    ],
  );
});

test('a path that another site takes away is a problem, unless a name of this site still leads to it', () => {
  const paths = [{ path: '/videos/raw', max_body: '1GiB' }];
  const other = { host: 'a.example', path: '/videos', to: 3001 };
  assert.deepEqual(told({ host: 'a.example', to: 3000, paths }, other), [
    'sites.0.paths.0.path config/path-of-other-site site 2 serves a.example under /videos, so no request under /videos/raw comes here',
  ]);
  assert.deepEqual(told({ host: ['a.example', 'b.example'], to: 3000, paths }, other), []);
  assert.deepEqual(told({ host: '*', to: 3000, paths }, other), []);
  assert.deepEqual(told({ ...other, paths }, { host: 'a.example', to: 3000 }), []);
});

test('a gRPC call may be silent for as long as a connection, unless the gate, the site or the path says otherwise', () => {
  const silencesOf = (limits: Configuration['limits'], site: Partial<Site>) => {
    const { limits: whole, sites } = settingsFrom({ limits, sites: [{ to: 3000, ...site }] });
    const [made] = sites;
    return [whole.maxGrpcSilenceMs, made!.limits.maxGrpcSilenceMs, ...made!.paths.map((one) => one.maxGrpcSilenceMs)];
  };
  assert.deepEqual(silencesOf({ idle_timeout: '7s' }, {}), [7000, 7000]);
  assert.deepEqual(silencesOf({ idle_timeout: '7s', max_grpc_silence: '9s' }, {}), [9000, 9000]);
  const paths = [{ path: '/chat.Chat', max_grpc_silence: '1h' }];
  assert.deepEqual(silencesOf({}, { max_grpc_silence: '2s', paths }), [60_000, 2000, 3_600_000]);
});
