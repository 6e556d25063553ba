// Drives every operation of the npm package acme-client against a directory, and prints what came of each as a line of JSON.
//   node acme-client.js DIRECTORY NAME ADDRESS HTTP_PORT TLS_PORT [EAB_KID EAB_HMAC]
// The root that is trusted comes by NODE_EXTRA_CA_CERTS.
const http = require('node:http');
const tls = require('node:tls');
const acme = require('acme-client');

const [directoryUrl, name, address, httpPort, tlsPort, kid, hmacKey] = process.argv.slice(2);
const answers = new Map();
const certificates = new Map();
const quick = { backoffAttempts: 60, backoffMin: 50, backoffMax: 500 };

const say = (step, result) => console.log(JSON.stringify({ step, ...result }));
const refused = async (step, promise) => {
  try {
    await promise;
    say(step, { refused: false });
  } catch (fault) {
    say(step, { refused: true, says: fault.message });
  }
};

const web = http.createServer((request, response) => {
  const answer = answers.get(request.url);
  response.writeHead(answer ? 200 : 404).end(answer ?? 'nothing here');
});
// RFC 8737: a connection for acme-tls/1 gets the certificate of its name, and is closed.
const alpn = tls.createServer({
  ALPNProtocols: ['acme-tls/1'],
  SNICallback: (server, callback) => callback(null, certificates.get(server)),
}, (socket) => socket.end());

async function prove(client, authorization, type) {
  const challenge = authorization.challenges.find((c) => c.type === type);
  const key = await client.getChallengeKeyAuthorization(challenge);
  if (type === 'http-01') {
    answers.set(`/.well-known/acme-challenge/${challenge.token}`, key);
  } else {
    const [privateKey, certificate] = await acme.crypto.createAlpnCertificate(authorization, key);
    certificates.set(authorization.identifier.value, tls.createSecureContext({ key: privateKey, cert: certificate }));
  }
  await client.completeChallenge(challenge);
  return client.waitForValidStatus(challenge);
}

async function issue(client, type) {
  let order = await client.createOrder({ identifiers: [{ type: 'dns', value: name }] });
  const [authorization] = await client.getAuthorizations(order);
  if (authorization.status !== 'valid') await prove(client, authorization, type);
  const [key, csr] = await acme.crypto.createCsr({ altNames: [name] });
  order = await client.finalizeOrder(await client.getOrder(order), csr);
  const chain = await client.getCertificate(order);
  return { order, authorization, chain, key };
}

async function main() {
  await new Promise((done) => { web.listen(Number(httpPort), address, done); });
  await new Promise((done) => { alpn.listen(Number(tlsPort), address, done); });

  const bound = kid ? { externalAccountBinding: { kid, hmacKey } } : {};
  const client = new acme.Client({ directoryUrl, accountKey: await acme.crypto.createPrivateEcdsaKey(), ...quick, ...bound });
  say('terms', { url: await client.getTermsOfServiceUrl() });
  const account = await client.createAccount({ termsOfServiceAgreed: true, contact: ['mailto:first@home.test'] });
  say('account', { status: account.status, contact: account.contact, url: client.getAccountUrl() });
  const updated = await client.updateAccount({ contact: ['mailto:second@home.test'] });
  say('update', { status: updated.status, contact: updated.contact });

  const first = await issue(client, 'http-01');
  say('http-01', { order: first.order.status, certificates: acme.crypto.splitPemChain(first.chain).length, names: acme.crypto.readCertificateInfo(first.chain).domains.altNames });

  const deactivated = await client.deactivateAuthorization(first.authorization);
  say('deactivateAuthorization', { status: deactivated.status });

  const newKey = await acme.crypto.createPrivateRsaKey(2048);
  const rolled = await client.updateAccountKey(newKey);
  say('updateAccountKey', { status: rolled.status, url: client.getAccountUrl() });

  const second = await issue(client, 'tls-alpn-01');
  say('tls-alpn-01', { order: second.order.status, certificates: acme.crypto.splitPemChain(second.chain).length });
  say('preferredChain', { same: (await client.getCertificate(second.order, 'No Such Issuer')) === second.chain });

  await client.revokeCertificate(second.chain, { reason: 4 });
  say('revoke', { done: true });
  await refused('revokeAgain', client.revokeCertificate(second.chain, { reason: 4 }));
  await refused('badOrder', client.createOrder({ identifiers: [{ type: 'dns', value: 'not-allowed.example' }] }));

  const [key, csr] = await acme.crypto.createCsr({ altNames: [name] });
  const auto = await client.auto({
    csr,
    email: 'third@home.test',
    termsOfServiceAgreed: true,
    skipChallengeVerification: true,
    challengePriority: ['http-01'],
    challengeCreateFn: async (_, challenge, keyAuthorization) => { answers.set(`/.well-known/acme-challenge/${challenge.token}`, keyAuthorization); },
    challengeRemoveFn: async (_, challenge) => { answers.delete(`/.well-known/acme-challenge/${challenge.token}`); },
  });
  say('auto', { certificates: acme.crypto.splitPemChain(auto).length, key: key.length > 0 });

  const gone = await client.updateAccount({ status: 'deactivated' });
  say('deactivateAccount', { status: gone.status });
  await refused('afterwards', client.createOrder({ identifiers: [{ type: 'dns', value: name }] }));
}

main().then(() => process.exit(0), (fault) => {
  console.error(fault);
  process.exit(1);
});
