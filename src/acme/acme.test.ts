// The client against Pebble, which rejects every fourth nonce and reuses authorisations by chance.

import assert from 'node:assert/strict';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSecureContext, createServer as createTlsServer } from 'node:tls';
import { type Pebble, startPebble } from '../../test/pebble.ts';
import { systemClock } from '../base/clock.ts';
import {
  Account,
  CaProblem,
  CaSession,
  CaUnreachable,
  type ChallengeKind,
  certificateId,
  challengeCertificate,
  dnsText,
  httpsCaller,
  issue,
  type KeyKind,
  newAccountKey,
  type OrderNote,
  type Proof,
  ProofFailure,
  type Prover,
  readChain,
  type Wish,
} from './acme.ts';

/** A web server that answers HTTP-01, and a TLS server that answers TLS-ALPN-01. */
async function site(context: TestContext) {
  const answers = new Map<string, string>();
  const web: Server = createServer((request, response) => {
    const answer = answers.get((request.url ?? '').slice('/.well-known/acme-challenge/'.length));
    response.writeHead(answer === undefined ? 404 : 200).end(answer ?? '');
  });
  const contexts = new Map<string, { certificate: string; key: string }>();
  const tls = createTlsServer({
    ALPNProtocols: ['acme-tls/1'],
    SNICallback: (name, done) => {
      const pair = contexts.get(name);
      if (pair === undefined) done(new Error('no such name'));
      else done(null, createSecureContext({ cert: pair.certificate, key: pair.key }));
    },
  });
  tls.on('tlsClientError', () => {});
  await Promise.all([web, tls].map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  context.after(() => {
    web.close();
    tls.close();
  });
  const http01: Prover = {
    kind: 'http-01',
    show: async (proofs) => proofs.forEach(({ token, answer }) => void answers.set(token, answer)),
    hide: async (proofs) => proofs.forEach(({ token }) => void answers.delete(token)),
  };
  const tlsAlpn01: Prover = {
    kind: 'tls-alpn-01',
    show: async (proofs) =>
      proofs.forEach(({ name, answer }) => {
        const sni = /^[0-9.]+$/.test(name) ? `${name.split('.').reverse().join('.')}.in-addr.arpa` : name;
        contexts.set(sni, challengeCertificate(name, answer, Date.now()));
      }),
    hide: async (proofs) => proofs.forEach(({ name }) => void contexts.delete(name)),
  };
  const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  return { answers, contexts, http01, tlsAlpn01, httpPort: port(web), tlsPort: port(tls) };
}

const plainWish = { keyKind: 'ecdsa-p256', profile: '', preferredIssuer: '', replaces: '' } as const;

async function accountAt(pebble: Pebble, binding: { kid: string; macKey: string } | null = null): Promise<Account> {
  const session = new CaSession(pebble.directory, pebble.caller, systemClock);
  const account = new Account(session, newAccountKey(), '');
  await account.register('ops@example.com', binding);
  return account;
}

function toolsFor(account: Account, ...provers: Prover[]) {
  const notes: (OrderNote | null)[] = [];
  return {
    account,
    provers,
    clock: systemClock,
    pause: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    note: async (note: OrderNote | null) => void notes.push(note),
    notes,
  };
}

function wishFor(names: readonly string[], more: Partial<Wish> = {}): Wish {
  return { ...plainWish, names, ...more };
}

/** A prover that shows nothing, as where a firewall is in the way. */
function silent(kind: ChallengeKind): Prover {
  return { kind, show: async () => {}, hide: async () => {} };
}

test('HTTP-01: several names, one certificate, which the root of the CA vouches for', async (context) => {
  const { http01, answers, httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort });
  const tools = toolsFor(await accountAt(pebble), http01);
  const { chain, keyPem } = await issue(wishFor(['shop.example.net', 'www.shop.example.net']), null, tools);
  assert.ok(chain.leaf.checkPrivateKey(createPrivateKey(keyPem)));
  assert.equal(chain.leaf.subjectAltName, 'DNS:shop.example.net, DNS:www.shop.example.net');
  const root = new X509Certificate(await pebble.issuerRoot());
  const intermediate = new X509Certificate(chain.pem.slice(chain.pem.lastIndexOf('-----BEGIN')));
  assert.ok(intermediate.verify(root.publicKey) && chain.leaf.verify(intermediate.publicKey));
  assert.equal(answers.size, 0, 'proofs are taken away when they are no longer needed');
  assert.match(tools.notes[0]!.orderUrl, /^https:/);
});

test('TLS-ALPN-01', async (context) => {
  const { tlsAlpn01, contexts, tlsPort } = await site(context);
  const pebble = await startPebble(context, { tlsPort });
  const { chain } = await issue(wishFor(['tls.example.net']), null, toolsFor(await accountAt(pebble), tlsAlpn01));
  assert.equal(chain.leaf.subjectAltName, 'DNS:tls.example.net');
  assert.equal(contexts.size, 0);
});

test('an IP address is proven by HTTP-01 and by TLS-ALPN-01 (RFC 8738)', async (context) => {
  const { http01, tlsAlpn01, httpPort, tlsPort } = await site(context);
  const pebble = await startPebble(context, { httpPort, tlsPort });
  for (const prover of [http01, tlsAlpn01]) {
    const { chain } = await issue(wishFor(['127.0.0.1']), null, toolsFor(await accountAt(pebble), prover));
    assert.equal(chain.leaf.subjectAltName, 'IP Address:127.0.0.1');
  }
});

test('a wildcard is proven in DNS, beside its bare name', async (context) => {
  const pebble = await startPebble(context);
  const txt = (proof: Proof) => ({ host: `_acme-challenge.${proof.name}.`, value: dnsText(proof) });
  const dns01: Prover = {
    kind: 'dns-01',
    show: async (proofs) => {
      for (const proof of proofs) await pebble.dns('set-txt', txt(proof));
    },
    hide: async (proofs) => {
      for (const { name } of proofs) await pebble.dns('clear-txt', { host: `_acme-challenge.${name}.` });
    },
  };
  const account = await accountAt(pebble);
  const tools = toolsFor(account, silent('http-01'), dns01);
  const { chain } = await issue(wishFor(['*.wild.example.net', 'b.example.net'], {}), null, {
    ...tools,
    provers: [dns01],
  });
  assert.equal(chain.leaf.subjectAltName, 'DNS:*.wild.example.net, DNS:b.example.net');
  await assert.rejects(issue(wishFor(['*.x.example.net']), null, toolsFor(account, silent('http-01'))), {
    message:
      'the CA says noChallenge: *.x.example.net cannot be proven: the CA offers dns-01, the settings allow http-01',
  });
});

for (const keyKind of ['ecdsa-p384', 'rsa-2048'] satisfies KeyKind[])
  test(`a key of kind ${keyKind}`, async (context) => {
    const { http01, httpPort } = await site(context);
    const pebble = await startPebble(context, { httpPort });
    const { chain } = await issue(
      wishFor(['k.example.net'], { keyKind }),
      null,
      toolsFor(await accountAt(pebble), http01),
    );
    const { asymmetricKeyType, asymmetricKeyDetails } = chain.leaf.publicKey;
    assert.deepEqual(
      [asymmetricKeyType, asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength],
      keyKind === 'rsa-2048' ? ['rsa', 2048] : ['ec', 'secp384r1'],
    );
  });

test('where one kind of proof fails the next is tried, with another order', async (context) => {
  const { http01, httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort });
  const tools = toolsFor(await accountAt(pebble), silent('tls-alpn-01'), http01);
  const { chain } = await issue(wishFor(['second.example.net']), null, tools);
  assert.equal(chain.leaf.subjectAltName, 'DNS:second.example.net');
  assert.deepEqual(
    tools.notes.map((note) => note === null),
    [false, true, false],
  );
});

test('where all fail, it is said which name, which proof, and what the CA saw', async (context) => {
  const { httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort });
  const failure = await issue(
    wishFor(['none.example.net']),
    null,
    toolsFor(await accountAt(pebble), silent('http-01')),
  ).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof ProofFailure);
  assert.deepEqual([failure.host, failure.kind, failure.problem.type], ['none.example.net', 'http-01', 'unauthorized']);
  assert.match(failure.message, /^none\.example\.net could not be proven by http-01: the CA says unauthorized: .*404/);
});

test('what is left of an order after a crash is gone on from, at every step', async (context) => {
  const { http01, httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort, env: { PEBBLE_AUTHZREUSE: '0' } });
  const account = await accountAt(pebble);
  const seen = new Set<string>();
  for (let steps = 1; ; steps++) {
    let note: OrderNote | null = null;
    let left = steps;
    // Every request to the CA is a step; after so many, the process is gone.
    const dying = new Account(
      new CaSession(
        pebble.directory,
        {
          call: async (call) => {
            if (left-- <= 0) throw new Error('killed');
            return pebble.caller.call(call);
          },
          close: () => {},
        },
        systemClock,
      ),
      account.key,
      account.url,
    );
    const keep = async (next: OrderNote | null): Promise<void> => {
      if (left > 0) note = next;
    };
    const wish = wishFor([`step-${steps}.example.net`]);
    const outcome = await issue(wish, null, { ...toolsFor(dying, http01), note: keep }).catch((error: Error) => error);
    if (!(outcome instanceof Error)) break;
    assert.equal(outcome.message, 'killed');
    const kept = note as OrderNote | null;
    const again = toolsFor(account, http01);
    const { chain } = await issue(wish, kept, again);
    assert.equal(chain.leaf.subjectAltName, `DNS:step-${steps}.example.net`);
    if (kept !== null) {
      assert.deepEqual(again.notes, [], 'the order that was noted is used, and no other made');
      seen.add('resumed');
    }
  }
  assert.ok(seen.has('resumed'));
});

test('an order that the CA has forgotten is no reason to stop', async (context) => {
  const { http01, httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort });
  const account = await accountAt(pebble);
  const lost = { orderUrl: `${pebble.directory.slice(0, -3)}my-order/gone`, keyPem: '', names: ['f.example.net'] };
  const { chain } = await issue(wishFor(['f.example.net']), lost, toolsFor(account, http01));
  assert.equal(chain.leaf.subjectAltName, 'DNS:f.example.net');
});

test('an account of a customer of the CA: the binding is needed, and must be right', async (context) => {
  const macKey = randomBytes(32).toString('base64url');
  const pebble = await startPebble(context, { externalKeys: { 'kid-1': macKey } });
  await assert.rejects(accountAt(pebble), /externalAccountRequired/);
  await assert.rejects(accountAt(pebble, { kid: 'kid-1', macKey: randomBytes(32).toString('base64url') }), CaProblem);
  const account = await accountAt(pebble, { kid: 'kid-1', macKey });
  assert.match(account.url, /^https:/);
});

test('the same key finds its account again, and another key takes its place', async (context) => {
  const pebble = await startPebble(context);
  const account = await accountAt(pebble);
  const again = new Account(account.session, account.key, '');
  assert.equal(await again.register('', null), account.url);
  const next = newAccountKey();
  await account.changeKey(next);
  assert.equal(await new Account(account.session, next, '').register('', null), account.url);
});

test('a certificate is revoked, and a chain by another root is chosen by its name', async (context) => {
  const { http01, httpPort } = await site(context);
  const pebble = await startPebble(context, { httpPort, env: { PEBBLE_ALTERNATE_ROOTS: '2' } });
  const account = await accountAt(pebble);
  const roots = await Promise.all([0, 1, 2].map((chain) => pebble.issuerRoot(chain)));
  const names = roots.map((root) => readChain(root)!.issuers[0]!);
  assert.equal(new Set(names).size, 3);
  const wish = wishFor(['alt.example.net'], { preferredIssuer: names[2]! });
  const { chain } = await issue(wish, null, toolsFor(account, http01));
  assert.equal(chain.issuers.at(-1), names[2]);
  await account.revoke(chain.leaf.raw, 4);
  await assert.rejects(account.revoke(chain.leaf.raw, 4), /alreadyRevoked/);
});

test('the name of a certificate in renewal information is that of the example in RFC 9773 4.1', () => {
  // The certificate of the RFC's appendix A.
  const pem = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----
`;
  assert.equal(certificateId(new X509Certificate(pem)), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

test('a CA that is not there, or is none, is told from one that refuses', async (context) => {
  const ask = (url: string, roots = '') => {
    const caller = httpsCaller(roots, 5000);
    context.after(() => caller.close());
    return new CaSession(url, caller, systemClock).directory();
  };
  await assert.rejects(ask('https://127.0.0.1:1/dir'), {
    message:
      '127.0.0.1:1 cannot be asked: no connection (ECONNREFUSED); see whether a firewall keeps this machine from calling out on TCP 443',
  });
  await assert.rejects(ask('http://127.0.0.1:1/dir'), /a CA is asked over https: only/);
  const pebble = await startPebble(context);
  await assert.rejects(ask(pebble.directory), CaUnreachable, 'its root is not trusted');
  const session = new CaSession(pebble.directory, pebble.caller, systemClock);
  await session.directory();
  assert.ok(Math.abs(session.skewMs!) < 5000, "the CA's clock is that of this machine");
});
