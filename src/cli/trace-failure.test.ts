import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure, StepFailure, type StepName } from './trace-failure.ts';

const about = {
  host: 'shop.example',
  port: 443,
  from: '192.0.2.7:52431',
  to: '203.0.113.5:443',
  certificateNames: 'DNS:other.example',
  validFrom: '2030-01-01',
  validTo: '2020-01-01',
  issuer: 'CN=Some CA',
};

const told = (step: StepName, code: string, message = '') =>
  explainFailure(new StepFailure(step, code, message), about);

test('a drop, a refusal and a missing route are told apart', () => {
  assert.equal(
    told('tcp', 'TIMEOUT').means,
    'nothing came back from 203.0.113.5:443: a firewall on the way drops such packets, or the address or port is wrong',
  );
  assert.equal(
    told('tcp', 'TIMEOUT').instead,
    'see the rules of the firewall for this port; on the server: portcullis firewall simulate --from IP:PORT --to :443/tcp',
  );
  assert.equal(
    told('tcp', 'ECONNREFUSED').means,
    'the machine answered that nothing listens on 203.0.113.5:443 (or a firewall rejects aloud)',
  );
  assert.equal(told('tcp', 'ENETUNREACH').means, 'this machine has no route to 203.0.113.5:443');
  assert.equal(
    told('tcp', 'EADDRNOTAVAIL').means,
    'this machine has no free ephemeral port left towards 203.0.113.5:443',
  );
});

test("OpenSSL's many words become few", () => {
  for (const [code, message, means] of [
    [
      'EPROTO',
      'SSL routines:tls_get_more_records:packet length too long',
      'what listens on this port does not speak TLS',
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', '', 'what listens on this port does not speak TLS'],
    [
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      '',
      'the server speaks only versions of TLS that are broken (1.1 or older)',
    ],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', '', 'the server has no certificate for shop.example'],
    [
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      '',
      'server and client have no version or cipher in common, or the server has no certificate for this name',
    ],
  ] as const)
    assert.equal(told('tls', code, message).means, means);
  assert.equal(
    told('response', 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED').means,
    'the server wants a certificate from its clients',
  );
});

test('the server is asked about exactly this connection', () => {
  assert.equal(
    told('tls', 'ECONNRESET').instead,
    'on the server: portcullis explain --from 192.0.2.7:52431 --to :443/tcp',
  );
});

test('an error without an entry is named all the same', () => {
  assert.deepEqual(told('tcp', 'EODD', 'connect EODD'), {
    step: 'tcp',
    code: 'EODD',
    says: 'connect EODD',
    means: 'the step ended with EODD',
    instead: 'see the log of the server',
  });
});
