// Certificates of a GrpcCa: node certificates.js (--socket PATH | --identity DIR)
// (issue PROVISIONER CSR | expiring DAYS | watch COUNT | revoke SERIAL)
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { promisify } = require('util');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const descriptors = fs.readFileSync(path.join(__dirname, '..', '..', 'protos', 'released.binpb'));
const { CertificateService } = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(descriptors, { keepCase: true, enums: String, longs: Number, defaults: true })).grpcca.v1;

// The admin socket of a control plane on this machine, or what `grpcca login` put into a directory.
function connect(how, where) {
  if (how === '--socket') return new CertificateService(`unix:${where}`, grpc.credentials.createInsecure());
  const read = file => fs.readFileSync(path.join(where, file));
  const identity = read('identity.pem');
  return new CertificateService(read('endpoint').toString().trim(), grpc.credentials.createSsl(read('identity-roots.pem'), identity, identity));
}

const serial = certificate => certificate.name.slice('certificates/'.length);
const time = timestamp => new Date(timestamp.seconds * 1000).toISOString().replace('.000Z', 'Z');
const word = kind => kind.replace('KIND_', '').toLowerCase().replace(/^./, first => first.toUpperCase());
const soon = () => ({ deadline: Date.now() + 30_000 });

async function issue(client, provisioner, csr) {
  const pem = fs.readFileSync(csr, 'utf8').match(/-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END/);
  const issued = await promisify(client.CreateCertificate).bind(client)({
    provisioner: `provisioners/${provisioner}`,
    csr: Buffer.from(pem[1], 'base64'),
    request_id: crypto.randomUUID().replaceAll('-', ''),
  }, soon());
  process.stdout.write(issued.pem_chain);
}

async function expiring(client, days) {
  const list = promisify(client.ListCertificates).bind(client);
  const end = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19) + 'Z';
  const request = { filter: `state = VALID AND expire_time < "${end}"`, order_by: 'expire_time' };
  do {
    const page = await list(request, soon());
    for (const certificate of page.certificates) console.log(serial(certificate), time(certificate.expire_time), ...certificate.identifiers);
    // A page may be short, even empty, before the last one: only the token tells.
    request.page_token = page.next_page_token;
  } while (request.page_token);
}

async function watch(client, count) {
  const request = {};
  while (count > 0) {
    try {
      const stream = client.WatchCertificates(request);
      for await (const told of stream) {
        // Where to go on when the connection ends, without a gap.
        request.resume_token = told.resume_token;
        // Without an event it is a sign of life.
        if (!told.event) continue;
        const { kind, certificate } = told.event;
        console.log(word(kind), serial(certificate), ...certificate.identifiers);
        if (--count === 0) return stream.cancel();
      }
    } catch (away) {
      if (away.code !== grpc.status.UNAVAILABLE) throw away;
      await new Promise(resolve => setTimeout(resolve, 1000));
    }
  }
}

async function revoke(client, wanted) {
  const revoked = await promisify(client.RevokeCertificate).bind(client)({
    name: `certificates/${wanted}`,
    reason: 'REVOCATION_REASON_SUPERSEDED',
    // Sent again with the same id, it is done once.
    request_id: crypto.randomUUID().replaceAll('-', ''),
  }, soon());
  console.log('revoked', serial(revoked), 'at', time(revoked.revoke_time));
}

const commands = { issue, expiring: (client, days) => expiring(client, Number(days)), watch: (client, count) => watch(client, Number(count)), revoke };
const [how, where, command, ...rest] = process.argv.slice(2);
if (!['--socket', '--identity'].includes(how) || !where || !commands[command]) {
  console.error('usage: (--socket PATH | --identity DIR) (issue PROVISIONER CSR | expiring DAYS | watch COUNT | revoke SERIAL)');
  process.exit(2);
}
const client = connect(how, where);
commands[command](client, ...rest)
  .catch(refused => {
    console.error(`${grpc.status[refused.code] ?? 'ERROR'}: ${refused.details ?? refused.message}`);
    process.exitCode = 1;
  })
  .finally(() => client.close());
