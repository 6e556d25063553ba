"""Certificates of a GrpcCa: certificates.py (--socket PATH | --identity DIR) (expiring DAYS | revoke SERIAL)"""

import argparse
import datetime
import sys
import uuid

import grpc

import grpcca

TIMEOUT = 30


def expiring(api, service, days):
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    request = api.message("ListCertificatesRequest")(
        filter=f'state = VALID AND expire_time < "{end:%Y-%m-%dT%H:%M:%SZ}"', order_by="expire_time")
    while True:
        page = service.ListCertificates(request, timeout=TIMEOUT)
        for certificate in page.certificates:
            print(serial(certificate), f"{time(certificate.expire_time)}", *certificate.identifiers)
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
    print("revoked", serial(revoked), "at", time(revoked.revoke_time))


def serial(certificate):
    return certificate.name.removeprefix("certificates/")


def time(timestamp):
    return datetime.datetime.fromtimestamp(timestamp.seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    parser = argparse.ArgumentParser()
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--socket")
    where.add_argument("--identity")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("expiring").add_argument("days", type=int)
    commands.add_parser("revoke").add_argument("serial")
    line = parser.parse_args()
    api = grpcca.Api()
    with grpcca.over_socket(line.socket) if line.socket else grpcca.with_identity(line.identity) as channel:
        service = api.service(channel, "CertificateService")
        try:
            if line.command == "expiring":
                expiring(api, service, line.days)
            else:
                revoke(api, service, line.serial)
        except grpc.RpcError as refused:
            sys.exit(f"{refused.code().name}: {refused.details()}")


if __name__ == "__main__":
    main()
