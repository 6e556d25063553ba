using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.EndToEnd.Tests;

/// <summary>Tests' own ACME client against a running instance: it trusts the root and nothing else.</summary>
internal static class AcmeSide
{
    public static HttpClient Http(this RunningInstance instance)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(instance.RootFile));
        return new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust } });
    }

    /// <summary>A client with an account.</summary>
    public static async Task<AcmeClient> AccountAsync(this RunningInstance instance, HttpClient http)
    {
        var client = new AcmeClient(http, new Uri(instance.Directory), AcmeKey.Es256());
        AcmeClient.Expect(await client.RegisterAsync(), 201);
        return client;
    }

    /// <summary>A start of a stack trace in a log, of either program.</summary>
    public static void AssertLogsWithoutStacks(this RunningInstance instance)
    {
        foreach (var log in new[] { instance.ServerLog, instance.GatewayLog })
            Assert.DoesNotContain(log.Split('\n'), line => line.TrimStart().StartsWith("at ", StringComparison.Ordinal) || line.Contains("Exception:", StringComparison.Ordinal));
    }
}
