using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using GrpcCa.ControlPlane.Authorities;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Api.Mapping;

/// <summary>The hierarchy on the wire.</summary>
internal static class AuthorityMapping
{
    public static Authority ToProto(AuthorityRecord authority)
    {
        using var root = X509CertificateLoader.LoadCertificate(authority.RootDer);
        return new Authority
        {
            Name = authority.Name,
            DisplayName = authority.DisplayName,
            Purpose = (Authority.Types.Purpose)(int)authority.Purpose,
            RootDer = ByteString.CopyFrom(authority.RootDer),
            RootSha256 = authority.RootSha256,
            RootSubject = root.Subject,
            RootExpireTime = Wire.Time(new DateTimeOffset(root.NotAfter.ToUniversalTime())),
            PermittedNames = { authority.PermittedNames },
            RevocationBaseUrl = authority.RevocationBaseUrl ?? "",
            CreateTime = Wire.Time(authority.CreatedAt),
            State = (V1.KeyState)(int)authority.State,
        };
    }

    public static V1.IssuerChain ToProto(IssuerRecord issuer, Authorities.IssuerChain chain)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(chain.Der);
        using var root = X509CertificateLoader.LoadCertificate(chain.RootDer);
        return new V1.IssuerChain
        {
            Name = $"{issuer.Name}/{Protocol.ResourceName.Chains}/{chain.Id}",
            CertificateDer = ByteString.CopyFrom(chain.Der),
            RootDer = ByteString.CopyFrom(chain.RootDer),
            RootSha256 = Convert.ToHexStringLower(SHA256.HashData(chain.RootDer)),
            RootSubject = root.Subject,
            ExpireTime = Wire.Time(new DateTimeOffset(certificate.NotAfter.ToUniversalTime())),
            CreateTime = Wire.Time(chain.CreatedAt),
        };
    }

    public static Issuer ToProto(IssuerRecord issuer)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(issuer.Der);
        var key = Pki.PublicKey.FromSubjectPublicKeyInfo(certificate.PublicKey.ExportSubjectPublicKeyInfo());
        return new Issuer
        {
            Name = issuer.Name,
            CertificateDer = ByteString.CopyFrom(issuer.Der),
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(issuer.Der)),
            Subject = certificate.Subject,
            KeyType = key.TypeText,
            StartTime = Wire.Time(new DateTimeOffset(certificate.NotBefore.ToUniversalTime())),
            ExpireTime = Wire.Time(new DateTimeOffset(certificate.NotAfter.ToUniversalTime())),
            State = (V1.KeyState)(int)issuer.State,
        };
    }
}
