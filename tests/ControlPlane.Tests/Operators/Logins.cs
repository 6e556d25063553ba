using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using GrpcCa.ControlPlane.Tests.Api;
using GrpcCa.Host;
using GrpcCa.Host.Identity;
using GrpcCa.V1;

namespace GrpcCa.ControlPlane.Tests.Operators;

/// <summary>Operators with identities, made over the wire as people make them.</summary>
internal static class Logins
{
    /// <summary>Adds an operator on the admin socket; the token logs it in.</summary>
    public static async Task<JoinToken> CreateOperatorAsync(this RunningControlPlane plane, string id, Role role, params IEnumerable<string> provisioners)
    {
        var created = await new OperatorService.OperatorServiceClient(plane.Admin()).CreateOperatorAsync(new CreateOperatorRequest
        {
            OperatorId = id,
            Operator = new Operator { Role = role, Provisioners = { provisioners } },
        });
        Assert.True(JoinToken.TryParse(created.LoginToken, out var token, out var fault), fault);
        return token;
    }

    /// <summary>Exchanges the token for an identity.</summary>
    public static async Task<X509Certificate2> LogInAsync(this RunningControlPlane plane, string id, JoinToken token)
    {
        using var key = new FreshKey();
        var enrolled = await new OperatorService.OperatorServiceClient(plane.Remote())
            .EnrollOperatorAsync(new EnrollOperatorRequest { Secret = token.Secret, CsrDer = ByteString.CopyFrom(key.SigningRequest()) });
        Assert.Equal("operators/" + id, enrolled.Operator.Name);
        return key.Join(enrolled.CertificateDer.ToByteArray());
    }

    /// <summary>Both: an operator that is logged in.</summary>
    public static async Task<X509Certificate2> OperatorAsync(this RunningControlPlane plane, string id, Role role, params IEnumerable<string> provisioners) =>
        await plane.LogInAsync(id, await plane.CreateOperatorAsync(id, role, provisioners));
}
