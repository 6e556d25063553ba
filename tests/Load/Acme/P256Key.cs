using System.Formats.Asn1;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrpcCa.Load.Acme;

/// <summary>
/// A P-256 key that signs often. With OpenSSL 3 one context signs everything: the platform makes one for each signature, whose look through
/// OpenSSL's table of names is a fifth of what signing takes. Not safe for parallel use.
/// </summary>
internal sealed class P256Key : IDisposable
{
    private const string Library = "libcrypto.so.3"; // the name of every 3.x
    private const int FieldSize = 32, LongestSignature = 72; // the latter in DER, RFC 3279 §2.2.3

    private readonly ECDsa key;
    private readonly SafeEvpPKeyHandle? handle;
    private readonly nint context;

    public P256Key()
    {
        if (!OperatingSystem.IsLinux() || SafeEvpPKeyHandle.OpenSslVersion is < 0x3000_0000 or >= 0x4000_0000 || !NativeLibrary.TryLoad(Library, out _))
        {
            key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return;
        }
        var own = new ECDsaOpenSsl(ECCurve.NamedCurves.nistP256);
        key = own;
        handle = own.DuplicateKeyHandle();
        context = ContextOf(0, handle.DangerousGetHandle(), 0);
        if (context != 0 && SignInit(context) == 1) return;
        ContextFree(context);
        context = 0;
    }

    public ECPoint Point => key.ExportParameters(includePrivateParameters: false).Q;

    public byte[] SubjectPublicKeyInfo() => key.ExportSubjectPublicKeyInfo();

    /// <summary>DER, Ecdsa-Sig-Value of RFC 3279 §2.2.3, over SHA-256.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(data, digest);
        if (context == 0) return key.SignHash(digest, DSASignatureFormat.Rfc3279DerSequence);
        Span<byte> signature = stackalloc byte[LongestSignature];
        var length = (nuint)signature.Length;
        if (Sign(context, ref MemoryMarshal.GetReference(signature), ref length, in MemoryMarshal.GetReference(digest), (nuint)digest.Length) != 1)
            throw new CryptographicException("OpenSSL could not sign");
        return signature[..(int)length].ToArray();
    }

    /// <summary>r and s over SHA-256, each as long as the curve's field (RFC 7518 §3.4).</summary>
    public byte[] SignFixed(ReadOnlySpan<byte> data)
    {
        var numbers = new AsnReader(Sign(data), AsnEncodingRules.DER).ReadSequence();
        var signature = new byte[2 * FieldSize];
        Write(numbers.ReadIntegerBytes().Span, signature.AsSpan(0, FieldSize));
        Write(numbers.ReadIntegerBytes().Span, signature.AsSpan(FieldSize));
        return signature;

        static void Write(ReadOnlySpan<byte> number, Span<byte> field)
        {
            // One octet more says that the number is no negative one.
            if (number.Length > field.Length) number = number[1..];
            number.CopyTo(field[(field.Length - number.Length)..]);
        }
    }

    public void Dispose()
    {
        if (context != 0) ContextFree(context);
        handle?.Dispose();
        key.Dispose();
    }

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_pkey")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ContextOf(nint library, nint key, nint properties);

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ContextFree(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_sign_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SignInit(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_sign")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sign(nint context, ref byte signature, ref nuint length, in byte digest, nuint digestLength);
}
