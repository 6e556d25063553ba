using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GrpcCa.TestKit;
using GrpcCa.TestKit.Acme;

namespace GrpcCa.Gateway.Tests.Conformance;

/// <summary>Checklist F: finalize and download (RFC 8555 §7.4, §7.4.2).</summary>
public sealed class FinalizeTests(SharedHouse shared) : IClassFixture<SharedHouse>
{
    private House House => shared.House;

    private static ECDsa Key() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public async Task F1_OrderThatIsNotReady_IsOrderNotReady()
    {
        var client = await House.AccountAsync();
        var pending = await client.OrderAsync("f1.test");
        (await client.FinalizeAsync(pending, Csr.Of(Key(), "f1.test"))).MustBe(403, "orderNotReady", "pending");
        var ready = await client.ValidateAsync(pending);
        (await client.FinalizeAsync(ready, Csr.Of(Key(), "f1.test"))).MustBe(200);
        (await client.FinalizeAsync(ready, Csr.Of(Key(), "f1.test"))).MustBe(403, "orderNotReady", "valid");
    }

    [Fact]
    public async Task F1_LostFinalizeAnswer_IsFoundInTheOrder()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f1-lost.test");
        // The answer is thrown away, as if the connection had broken.
        await client.FinalizeAsync(ready, Csr.Of(Key(), "f1-lost.test"));
        var order = await client.UntilAsync(ready.Location!, a => a.Text("status") == "valid");
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", (await client.FetchAsync(order.Text("certificate")!)).MustBe(200).Body);
    }

    public static TheoryData<string, string> Payloads => new()
    {
        { "{}", "malformed" },
        { """{"csr":7}""", "malformed" },
        { """{"csr":null}""", "malformed" },
        { """{"csr":""}""", "badCSR" },
        { """{"csr":"!!!"}""", "badCSR" },
        { """{"csr":"AAAA"}""", "badCSR" },
        { """{"csr":"MAA"}""", "badCSR" },
        { """{"csr":"-----BEGIN CERTIFICATE REQUEST-----\nMIIB"}""", "badCSR" },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public async Task F2_WhatIsNoCsr_IsRefusedAndTheOrderStaysReady(string payload, string type)
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f2.test");
        (await client.PostAsync(ready.Text("finalize")!, payload)).MustBe(400, type, payload.Contains("BEGIN", StringComparison.Ordinal) ? "PEM" : null);
        Assert.Equal("ready", (await client.FetchAsync(ready.Location!)).Text("status"));
    }

    [Fact]
    public async Task F2_BrokenCsr_IsBadCsr()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f2-broken.test");
        var good = Csr.Of(Key(), "f2-broken.test");
        byte[][] broken =
        [
            good[..^1],
            [.. good, 0],
            [.. good[..^1], (byte)(good[^1] ^ 1)],
            WithVersion(good, 1),
            System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(good)),
            new byte[5000],
        ];
        foreach (var csr in broken) (await client.FinalizeAsync(ready, csr)).MustBe(400, "badCSR");
        Assert.Equal("ready", (await client.FetchAsync(ready.Location!)).Text("status"));
        (await client.FinalizeAsync(ready, good)).MustBe(200);
    }

    public static TheoryData<string> Faults => ["missing", "extra dns", "extra ip", "other name", "wildcard", "parent", "suffix", "email", "uri", "other GeneralName", "directory name", "ip in CN", "extra CN", "no names", "upn"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task F3_NamesOtherThanTheOrders_AreBadCsrAndTheOrderStaysReady(string fault)
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f3.test", "f3b.test");
        var csr = fault switch
        {
            "missing" => Csr.Of(Key(), "f3.test"),
            "extra dns" => Csr.Of(Key(), "f3.test", "f3b.test", "f3c.test"),
            "extra ip" => Csr.Of(Key(), "f3.test", "f3b.test", "127.0.0.1"),
            "other name" => Csr.Of(Key(), "f3.test", "f3d.test"),
            "wildcard" => Csr.Of(Key(), "f3.test", "f3b.test", "*.f3.test"),
            "parent" => Csr.Of(Key(), "f3.test", "f3b.test", "test"),
            "suffix" => Csr.Of(Key(), "evilf3.test", "f3b.test"),
            "email" => Raw(w => w.WriteCharacterString(UniversalTagNumber.IA5String, "a@f3.test", new Asn1Tag(TagClass.ContextSpecific, 1))),
            "uri" => Raw(w => w.WriteCharacterString(UniversalTagNumber.IA5String, "https://f3.test/", new Asn1Tag(TagClass.ContextSpecific, 6))),
            "other GeneralName" => Raw(w => w.WriteObjectIdentifier("1.2.3", new Asn1Tag(TagClass.ContextSpecific, 8))),
            "directory name" => Raw(w =>
            {
                using var explicitly = w.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 4, isConstructed: true));
                w.WriteEncodedValue(new X500DistinguishedName("CN=f3.test").RawData);
            }),
            "upn" => Raw(w =>
            {
                using var other = w.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true));
                w.WriteObjectIdentifier("1.3.6.1.4.1.311.20.2.3");
                using var value = w.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true));
                w.WriteCharacterString(UniversalTagNumber.UTF8String, "admin@f3.test");
            }),
            "ip in CN" => Csr.With(Key(), "CN=127.0.0.1", r => r.CertificateExtensions.Add(Csr.Names("f3.test", "f3b.test"))),
            "extra CN" => Csr.With(Key(), "CN=f3c.test", r => r.CertificateExtensions.Add(Csr.Names("f3.test", "f3b.test"))),
            _ => Csr.With(Key(), "", null),
        };
        (await client.FinalizeAsync(ready, csr)).MustBe(400, "badCSR");
        Assert.Equal("ready", (await client.FetchAsync(ready.Location!)).Text("status"));

        static byte[] Raw(Action<AsnWriter> more) => Csr.With(Key(), "", r => r.CertificateExtensions.Add(Csr.RawNames(w =>
        {
            w.Dns("f3.test");
            w.Dns("f3b.test");
            more(w);
        })));
    }

    [Fact]
    public async Task F3_CommonNameAlone_IsFineForAnOrderOfThatName()
    {
        var client = await House.AccountAsync();
        var key = Key();
        var issued = await client.FinishAsync(await client.ReadyOrderAsync("f3-cn.test"), Csr.With(key, "CN=f3-cn.test, O=ignored"), key);
        // F8: no CN, nothing copied; the SAN is critical because the subject is empty.
        Assert.Empty(issued.Leaf.SubjectName.EnumerateRelativeDistinguishedNames());
        var san = issued.Leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.True(san.Critical);
        Assert.Equal(["f3-cn.test"], san.EnumerateDnsNames());
    }

    [Fact]
    public async Task F3_UpperCaseNamesAndAddresses_AreTheOrders()
    {
        var client = await House.AccountAsync();
        var key = Key();
        var issued = await client.FinishAsync(await client.ReadyOrderAsync("f3-case.test", "127.0.0.1"), Csr.Of(key, "F3-CASE.Test", "127.0.0.1"), key);
        Assert.Equal(["f3-case.test"], issued.Leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
    }

    [Fact]
    public async Task F3a_WeakCsrs_AreRefused()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f3a.test");
        using var rsa = RSA.Create(2048);
        using var small = RSA.Create(1024);
        using var odd = RSA.Create(2056);
        using var bitcoin = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        (await client.FinalizeAsync(ready, Csr.Sha1(rsa, "f3a.test"))).MustBe(400, "badCSR", "SHA-1");
        foreach (var key in (AsymmetricAlgorithm[])[bitcoin, small])
        {
            var answer = await client.FinalizeAsync(ready, Csr.Of(key, "f3a.test"));
            Assert.True(answer is { Status: 400, Problem: "badCSR" or "badPublicKey" }, $"{answer}");
        }
        Assert.Equal("ready", (await client.FetchAsync(ready.Location!)).Text("status"));
        (await client.FinalizeAsync(ready, Csr.Of(odd, "f3a.test"))).MustBe(200);
    }

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("P-521")]
    [InlineData("RSA 2048")]
    [InlineData("RSA 4096")]
    public async Task F4_KeysOfTheProfile_AreTaken(string kind)
    {
        var client = await House.AccountAsync();
        using AsymmetricAlgorithm key = kind switch
        {
            "P-256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "P-384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            "P-521" => ECDsa.Create(ECCurve.NamedCurves.nistP521),
            "RSA 2048" => RSA.Create(2048),
            _ => RSA.Create(4096),
        };
        var issued = await client.FinishAsync(await client.ReadyOrderAsync("f4.test"), Csr.Of(key, "f4.test"), key);
        Assert.Equal(key switch { ECDsa ec => ec.ExportSubjectPublicKeyInfo(), RSA rsa => rsa.ExportSubjectPublicKeyInfo(), _ => [] }, issued.Leaf.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task F4_AccountKey_IsBadCsr()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f4-account.test");
        (await client.FinalizeAsync(ready, Csr.Of(client.Key.Platform!, "f4-account.test"))).MustBe(400, "badCSR", "account key");
    }

    [Fact]
    public async Task F4_BlockedKey_IsBadPublicKey()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("f4-blocked.test");
        (await client.RevokeAsync(issued.Leaf.RawData, 1, AcmeKey.Of(issued.Key))).MustBe(200);
        (await client.FinalizeAsync(await client.ReadyOrderAsync("f4-blocked.test"), Csr.Of(issued.Key, "f4-blocked.test"))).MustBe(400, "badPublicKey");
        (await House.Client(key: AcmeKey.Of(issued.Key)).RegisterAsync()).MustBe(400, "badPublicKey");
    }

    [Fact]
    public async Task F5_RequestedExtensions_AreNotCopied()
    {
        var client = await House.AccountAsync();
        var key = Key();
        var csr = Csr.With(key, "", r =>
        {
            r.CertificateExtensions.Add(Csr.Names("f5.test"));
            r.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
            r.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DecipherOnly, true));
            r.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.3")], false));
            r.CertificateExtensions.Add(new X509Extension("1.2.3.4.5", [5, 0], false));
        });
        var issued = await client.FinishAsync(await client.ReadyOrderAsync("f5.test"), csr, key);
        Assert.DoesNotContain(issued.Leaf.Extensions, e => e.Oid!.Value == "1.2.3.4.5");
        Assert.DoesNotContain("1.3.6.1.5.5.7.3.3", issued.Leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value));
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, issued.Leaf.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
    }

    [Fact]
    public async Task F5_CertificateAuthority_IsBadCsr()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f5-ca.test");
        (await client.FinalizeAsync(ready, Csr.With(Key(), "", r =>
        {
            r.CertificateExtensions.Add(Csr.Names("f5-ca.test"));
            r.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        }))).MustBe(400, "badCSR");
    }

    [Fact]
    public async Task F6_FiftyFinalizesAtOnce_AreOneCertificate()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f6.test");
        var before = (await House.CountRowsAsync())["certificates"];
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.FinalizeAsync(ready, Csr.Of(Key(), "f6.test"))));
        Assert.Contains(answers, a => a.Status == 200);
        Assert.All(answers, a => Assert.True(a.Status == 200 || a is { Status: 403, Problem: "orderNotReady" }, $"{a}"));
        await client.UntilAsync(ready.Location!, a => a.Text("status") == "valid");
        Assert.Equal(before + 1, (await House.CountRowsAsync())["certificates"]);
    }

    [Fact]
    public async Task F6_AnswerOfFinalize_IsTheOrderAsItIsKept()
    {
        var client = await House.AccountAsync();
        var ready = await client.ReadyOrderAsync("f6-kept.test", "f6-too.test");
        var answer = await client.FinalizeAsync(ready, Csr.Of(Key(), "f6-kept.test", "f6-too.test"));
        Assert.Equal("valid", answer.MustBe(200).Text("status"));
        Assert.Equal((await client.FetchAsync(ready.Location!)).MustBe(200).Body, answer.Body);
    }

    [Fact]
    public async Task F7_Download_IsLeafThenIssuersWithoutTheRoot()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("f7.test");
        Assert.Equal("application/pem-certificate-chain", issued.Download.ContentType);
        Assert.DoesNotContain('\r', issued.Pem);
        Assert.Matches("^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE-----\n){2}$", issued.Pem);
        Assert.Equal(issued.Leaf.IssuerName.RawData, issued.Chain[1].SubjectName.RawData);
        Assert.DoesNotContain(issued.Chain, c => c.RawData.AsSpan().SequenceEqual(House.Root.RawData));
        Assert.Equal([client.DirectoryUrl.ToString()], issued.Download.Links("index"));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(House.Root);
        chain.ChainPolicy.ExtraStore.Add(issued.Chain[1]);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        Assert.True(chain.Build(issued.Leaf), string.Join("; ", chain.ChainStatus.Select(s => s.StatusInformation)));
    }

    [Fact]
    public async Task F7_CertificateOfAnotherAccount_IsUnauthorized()
    {
        var owner = await House.AccountAsync();
        var issued = await owner.IssueAsync("f7-mine.test");
        var stranger = await House.AccountAsync();
        (await stranger.FetchAsync(issued.Url)).MustBe(403, "unauthorized");
        (await stranger.PostAsync(issued.Url, "{}")).MustBe(400, "malformed");
        (await stranger.FetchAsync(issued.Url + "/7")).MustBe(403, "unauthorized");
        (await owner.FetchAsync(issued.Url + "/7")).MustBe(404, "malformed");
    }

    [Fact]
    public async Task F8_Leaf_IsWhatTheProfileSays()
    {
        var client = await House.AccountAsync();
        var issued = await client.IssueAsync("f8.test");
        var leaf = issued.Leaf;
        Assert.Equal(3, leaf.Version);
        Assert.InRange(leaf.SerialNumberBytes.Length, 8, 20);
        Assert.True((leaf.SerialNumberBytes.Span[0] & 0x80) == 0);
        // Boulder 2021-06-08: notAfter is inclusive.
        Assert.Equal(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1), leaf.NotAfter - leaf.NotBefore + TimeSpan.FromSeconds(1));
        Assert.Equal(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"], leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(o => o.Value!).Order());
        Assert.DoesNotContain(leaf.Extensions.OfType<X509BasicConstraintsExtension>(), b => b.CertificateAuthority);
        Assert.NotNull(leaf.Extensions["2.5.29.35"]);
    }

    [Fact]
    public async Task F8_Serials_AreRandomAndUnique()
    {
        var client = await House.AccountAsync();
        var serials = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 20; i++) Assert.True(serials.Add((await client.IssueAsync("f8-serials.test")).Leaf.SerialNumber));
        // EJBCA 2019: 128 bits, none of them fixed beyond the sign.
        Assert.All(serials, s => Assert.InRange(s.Length, 28, 34));
    }

    private static byte[] WithVersion(byte[] csr, byte version)
    {
        var changed = (byte[])csr.Clone();
        var at = changed.AsSpan().IndexOf((ReadOnlySpan<byte>)[2, 1, 0]);
        changed[at + 2] = version;
        return changed;
    }
}
