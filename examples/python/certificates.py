"""Certificates of a GrpcCa: certificates.py (--socket PATH | --identity DIR)
(issue PROVISIONER CSR | expiring DAYS | watch COUNT | revoke SERIAL)"""

import argparse
import datetime
import pathlib
import ssl
import sys
import time
import uuid

import grpc

import grpcca

TIMEOUT = 30


def issue(api, service, provisioner, csr):
    pem = pathlib.Path(csr).read_text().replace("CERTIFICATE REQUEST", "CERTIFICATE")
    issued = service.CreateCertificate(api.message("CreateCertificateRequest")(
        provisioner=f"provisioners/{provisioner}", csr=ssl.PEM_cert_to_DER_cert(pem), request_id=uuid.uuid4().hex), timeout=TIMEOUT)
    print(issued.pem_chain, end="")


def expiring(api, service, days):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    request = api.message("ListCertificatesRequest")(
        filter=f'state = VALID AND expire_time < "{end:%Y-%m-%dT%H:%M:%SZ}"', order_by="expire_time")
    while True:
        page = service.ListCertificates(request, timeout=TIMEOUT)
        for certificate in page.certificates:
            print(serial(certificate), utc(certificate.expire_time), *certificate.identifiers)
        # A page may be short, even empty, before the last one: only the token tells.
        request.page_token = page.next_page_token
        if not request.page_token:
            return


def revoke(api, service, wanted):
    revoked = service.RevokeCertificate(api.message("RevokeCertificateRequest")(
        name=f"certificates/{wanted}",
        reason=api.enum("RevocationReason")["REVOCATION_REASON_SUPERSEDED"],
        # Sent again with the same id, it is done once.
        request_id=uuid.uuid4().hex), timeout=TIMEOUT)
    print("revoked", serial(revoked), "at", utc(revoked.revoke_time))


def watch(api, service, count):
    request = api.message("WatchCertificatesRequest")()
    kinds = {number: name for name, number in api.enum("CertificateEvent.Kind").items()}
    while True:
        try:
            for told in service.WatchCertificates(request):
                # Where to go on when the connection ends, without a gap.
                request.resume_token = told.resume_token
                # Without an event it is a sign of life.
                if not told.HasField("event"):
                    continue
                certificate = told.event.certificate
                print(kinds[told.event.kind].removeprefix("KIND_").capitalize(), serial(certificate), *certificate.identifiers, flush=True)
                count -= 1
                if count == 0:
                    return
        except grpc.RpcError as away:
            if away.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            time.sleep(1)


def serial(certificate):
    return certificate.name.removeprefix("certificates/")


def utc(timestamp):
    return datetime.datetime.fromtimestamp(timestamp.seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    parser = argparse.ArgumentParser()
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket")
    where.add_argument("--identity")
    commands = parser.add_subparsers(dest="command", required=True)
    issuing = commands.add_parser("issue")
    issuing.add_argument("provisioner")
    issuing.add_argument("csr")
    commands.add_parser("expiring").add_argument("days", type=int)
    commands.add_parser("watch").add_argument("count", type=int)
    commands.add_parser("revoke").add_argument("serial")
    line = parser.parse_args()
    api = grpcca.Api()
    with grpcca.over_socket(line.socket) if line.socket else grpcca.with_identity(line.identity) as channel:
        service = api.service(channel, "CertificateService")
        try:
            if line.command == "issue":
                issue(api, service, line.provisioner, line.csr)
            elif line.command == "expiring":
                expiring(api, service, line.days)
            elif line.command == "watch":
                watch(api, service, line.count)
            else:
                revoke(api, service, line.serial)
        except grpc.RpcError as refused:
            sys.exit(f"{refused.code().name}: {refused.details()}")


if __name__ == "__main__":
    main()
