"""Connections to a GrpcCa control plane, and its services, made from the descriptors of the API."""

import pathlib

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

DESCRIPTORS = pathlib.Path(__file__).parents[2] / "protos" / "released.binpb"


def over_socket(path):
    """A channel over the admin socket of a control plane on this machine."""
    return grpc.insecure_channel(f"unix:{path}")


def with_identity(directory):
    """A channel with what `grpcca login` put into a directory: key and certificate, roots to trust, host and port."""
    folder = pathlib.Path(directory)
    identity = (folder / "identity.pem").read_bytes()
    credentials = grpc.ssl_channel_credentials((folder / "identity-roots.pem").read_bytes(), identity, identity)
    return grpc.secure_channel((folder / "endpoint").read_text().strip(), credentials)


class Api:
    """The messages of package grpcca.v1."""

    def __init__(self, descriptors=DESCRIPTORS):
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(descriptors).read_bytes()).file:
            self._pool.AddSerializedFile(file.SerializeToString())

    def message(self, name):
        """A class, such as message("ListCertificatesRequest")."""
        return self._class(self._pool.FindMessageTypeByName(f"grpcca.v1.{name}"))

    def enum(self, name):
        """The numbers of an enum by their names."""
        return {value.name: value.number for value in self._pool.FindEnumTypeByName(f"grpcca.v1.{name}").values}

    def service(self, channel, name):
        """A service, such as service(channel, "CertificateService").ListCertificates(request, timeout=30)."""
        return _Service(self, channel, self._pool.FindServiceByName(f"grpcca.v1.{name}"))

    def _class(self, descriptor):
        if hasattr(message_factory, "GetMessageClass"):
            return message_factory.GetMessageClass(descriptor)
        return message_factory.MessageFactory(self._pool).GetPrototype(descriptor)


class _Service:
    def __init__(self, api, channel, descriptor):
        for method in descriptor.methods:
            proto = descriptor_pb2.MethodDescriptorProto()
            method.CopyToProto(proto)
            call = channel.unary_stream if proto.server_streaming else channel.unary_unary
            setattr(self, method.name, call(
                f"/{descriptor.full_name}/{method.name}",
                request_serializer=lambda message: message.SerializeToString(),
                response_deserializer=api._class(method.output_type).FromString))
