using System.Formats.Asn1;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// An EC public key within OpenSSL, made by its own importer, with the context that checks signatures. The platform's import sets a
/// legacy key: it multiplies the point by the order of the group, which says nothing on a curve of prime order, and OpenSSL takes the key
/// over into its provider at the first signature; together that costs one to two times what checking a signature does, this a quarter
/// of it. And the platform makes a context for each signature, a tenth of its checking. Not safe for parallel use.
/// </summary>
/// <remarks>OpenSSL checks that the point is on the curve, as <see cref="EcCurve.Contains"/> did before.</remarks>
internal sealed class OpenSslEcKey : SafeHandleZeroOrMinusOneIsInvalid
{
    private const string Library = "libcrypto.so.3"; // the name of every 3.x
    private const int Public = 0x86; // EVP_PKEY_PUBLIC_KEY: parameters and the public key
    private const uint Utf8Text = 4, Octets = 5; // OSSL_PARAM_UTF8_STRING, OSSL_PARAM_OCTET_STRING

    // C strings that live as long as the program.
    private static readonly nint algorithm = Marshal.StringToCoTaskMemUTF8("EC");
    private static readonly nint groupKey = Marshal.StringToCoTaskMemUTF8("group");
    private static readonly nint pointKey = Marshal.StringToCoTaskMemUTF8("pub");

    // Only where it is the library that the platform has loaded: two copies in a process have two states. The variable may name one elsewhere.
    private static readonly bool isUsable = OperatingSystem.IsLinux()
        && SafeEvpPKeyHandle.OpenSslVersion is >= 0x3000_0000 and < 0x4000_0000
        && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null
        && NativeLibrary.TryLoad(Library, out _);

    // The handle is the context, which holds the key.
    private OpenSslEcKey(nint context)
        : base(ownsHandle: true) => SetHandle(context);

    /// <summary>The key with these coordinates, each as long as the curve's field; null where OpenSSL is no 3.x or does not take it.</summary>
    public static OpenSslEcKey? Import(EcCurve curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (!isUsable) return null;
        var group = curve.Bits switch { 256 => "P-256\0"u8, 384 => "P-384\0"u8, _ => "P-521\0"u8 };
        byte[] values = [.. group, 0x04, .. x, .. y]; // the point uncompressed, SEC 1 §2.3.3
        var (importer, key) = (ContextNew(0, algorithm, 0), nint.Zero);
        var pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
        try
        {
            var address = pinned.AddrOfPinnedObject();
            Parameter[] parameters =
            [
                new(groupKey, Utf8Text, address, (nuint)group.Length - 1),
                new(pointKey, Octets, address + group.Length, (nuint)(values.Length - group.Length)),
                default, // the end
            ];
            if (importer == 0 || FromDataInit(importer) <= 0 || FromData(importer, ref key, Public, parameters) <= 0) return Failed();
            var imported = new OpenSslEcKey(ContextOf(0, key, 0));
            if (!imported.IsInvalid && VerifyInit(imported) == 1) return imported;
            imported.Dispose();
            return Failed();
        }
        finally
        {
            KeyFree(key);
            ContextFree(importer);
            pinned.Free();
        }
    }

    /// <summary>Whether the signature of the digest is good.</summary>
    /// <param name="digest">Of any length; what the curve has no bits for is left out (SEC 1 §4.1.4).</param>
    /// <param name="signature">DER, Ecdsa-Sig-Value of RFC 3279 §2.2.3.</param>
    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        // One is good, zero is bad, and what is less could not be looked at.
        var isGood = Verify(this, in MemoryMarshal.GetReference(signature), (nuint)signature.Length, in MemoryMarshal.GetReference(digest), (nuint)digest.Length) == 1;
        if (!isGood) ClearErrors();
        return isGood;
    }

    /// <summary>DER of a signature that is r and s, each as long as the curve's field.</summary>
    public static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, signature.Length + 16);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(WithoutZeros(signature[..(signature.Length / 2)]));
            writer.WriteIntegerUnsigned(WithoutZeros(signature[(signature.Length / 2)..]));
        }
        return writer.Encode();
    }

    protected override bool ReleaseHandle()
    {
        ContextFree(handle);
        return true;
    }

    private static ReadOnlySpan<byte> WithoutZeros(ReadOnlySpan<byte> number) =>
        number.IndexOfAnyExcept((byte)0) is >= 0 and var first ? number[first..] : number[^1..];

    // What stays in the thread's queue of errors would be taken for another call's.
    private static OpenSslEcKey? Failed()
    {
        ClearErrors();
        return null;
    }

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_name")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ContextNew(nint library, nint name, nint properties);

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_pkey")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ContextOf(nint library, nint key, nint properties);

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ContextFree(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void KeyFree(nint key);

    [DllImport(Library, EntryPoint = "EVP_PKEY_fromdata_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FromDataInit(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_fromdata")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FromData(nint context, ref nint key, int selection, Parameter[] parameters);

    [DllImport(Library, EntryPoint = "EVP_PKEY_verify_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int VerifyInit(OpenSslEcKey context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Verify(OpenSslEcKey context, in byte signature, nuint signatureLength, in byte digest, nuint digestLength);

    [DllImport(Library, EntryPoint = "ERR_clear_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ClearErrors();

    // OSSL_PARAM of openssl/core.h.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Parameter(nint name, uint kind, nint data, nuint size)
    {
        public readonly nint Name = name;
        public readonly uint Kind = kind;
        public readonly nint Data = data;
        public readonly nuint Size = size;
        public readonly nuint Returned = nuint.MaxValue; // OSSL_PARAM_UNMODIFIED
    }
}
