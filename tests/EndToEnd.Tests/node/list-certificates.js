// Lists certificates over the admin socket: node list-certificates.js PROTO_DIR,… unix:PATH FILTER
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [includes, target, filter] = process.argv.slice(2);
const definition = loader.loadSync('grpcca/v1/certificate.proto', { includeDirs: includes.split(','), keepCase: true, enums: String });
const { CertificateService } = grpc.loadPackageDefinition(definition).grpcca.v1;
const client = new CertificateService(target, grpc.credentials.createInsecure());
const deadline = Date.now() + 30_000;
client.ListCertificates({ filter }, { deadline }, (error, page) => {
  if (error) {
    console.error(`${error.code} ${error.details}`);
    process.exitCode = 1;
  } else {
    console.log(JSON.stringify(page.certificates.map(({ name, state, identifiers }) => ({ name, state, identifiers }))));
  }
  client.close();
});
