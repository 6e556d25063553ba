using System.Formats.Asn1;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// An EC public key within OpenSSL, by its functions for EC keys alone. The platform's import multiplies the point by the order of the group, which
/// says nothing on a curve of prime order, and makes its provider's key of it at the first signature, which costs one to two times what checking a
/// signature does; OpenSSL's importer for keys of any kind (EVP_PKEY_fromdata) makes the group anew and costs half of a signature. Here it is 3 µs.
/// </summary>
/// <remarks>
/// OpenSSL checks that the point is on the curve, as <see cref="EcCurve.Contains"/> did before. Safe for parallel use: a signature's check
/// only reads key and group.
/// </remarks>
internal sealed class OpenSslEcKey : SafeHandleZeroOrMinusOneIsInvalid
{
    private const string Library = "libcrypto.so.3"; // the name of every 3.x

    private static readonly string[] functions = ["EC_GROUP_new_by_curve_name", "EC_KEY_new", "EC_KEY_set_group", "EC_KEY_oct2key", "EC_KEY_free", "ECDSA_verify", "ERR_clear_error", "EVP_default_properties_is_fips_enabled"];

    // Only where it is the library that the platform has loaded: two copies in a process have two states. The variable may name one elsewhere.
    // A library can be built without functions that OpenSSL has newer ones for.
    private static readonly bool isUsable = OperatingSystem.IsLinux()
        && SafeEvpPKeyHandle.OpenSslVersion is >= 0x3000_0000 and < 0x4000_0000
        && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null
        && NativeLibrary.TryLoad(Library, out var library)
        && functions.All(f => NativeLibrary.TryGetExport(library, f, out _))
        // These functions belong to no provider, so a host that wants its FIPS provider for everything would not get it.
        && IsFipsDemanded(0) == 0;

    // Each lives as long as the program; keys take copies. The numbers are NID_X9_62_prime256v1, NID_secp384r1 and NID_secp521r1.
    private static readonly Lazy<nint> p256 = new(static () => GroupOf(415)), p384 = new(static () => GroupOf(715)), p521 = new(static () => GroupOf(716));

    private OpenSslEcKey(nint key)
        : base(ownsHandle: true) => SetHandle(key);

    /// <summary>The key with these coordinates, each as long as the curve's field; null where OpenSSL is no 3.x or does not take it.</summary>
    public static OpenSslEcKey? Import(EcCurve curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (!isUsable) return null;
        var group = curve.Bits switch { 256 => p256, 384 => p384, _ => p521 };
        ReadOnlySpan<byte> point = [0x04, .. x, .. y]; // uncompressed, SEC 1 §2.3.3
        var key = new OpenSslEcKey(KeyNew());
        if (group.Value != 0 && !key.IsInvalid && SetGroup(key, group.Value) == 1 && SetPoint(key, in MemoryMarshal.GetReference(point), (nuint)point.Length, 0) == 1) return key;
        key.Dispose();
        ClearErrors(); // What stays in the thread's queue of errors would be taken for another call's.
        return null;
    }

    /// <summary>Whether the signature of the digest is good.</summary>
    /// <param name="digest">Of any length; what the curve has no bits for is left out (SEC 1 §4.1.4).</param>
    /// <param name="signature">DER, Ecdsa-Sig-Value of RFC 3279 §2.2.3.</param>
    public bool Verify(ReadOnlySpan<byte> digest, ReadOnlySpan<byte> signature)
    {
        // One is good, zero is bad, and what is less could not be looked at.
        var isGood = Verify(0, in MemoryMarshal.GetReference(digest), digest.Length, in MemoryMarshal.GetReference(signature), signature.Length, this) == 1;
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
        KeyFree(handle);
        return true;
    }

    private static ReadOnlySpan<byte> WithoutZeros(ReadOnlySpan<byte> number) =>
        number.IndexOfAnyExcept((byte)0) is >= 0 and var first ? number[first..] : number[^1..];

    private static nint GroupOf(int curve)
    {
        var group = GroupNew(curve);
        if (group == 0) ClearErrors();
        return group;
    }

    [DllImport(Library, EntryPoint = "EC_GROUP_new_by_curve_name")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint GroupNew(int curve);

    [DllImport(Library, EntryPoint = "EC_KEY_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint KeyNew();

    [DllImport(Library, EntryPoint = "EC_KEY_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void KeyFree(nint key);

    [DllImport(Library, EntryPoint = "EC_KEY_set_group")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetGroup(OpenSslEcKey key, nint group);

    [DllImport(Library, EntryPoint = "EC_KEY_oct2key")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetPoint(OpenSslEcKey key, in byte point, nuint length, nint arithmetic);

    [DllImport(Library, EntryPoint = "ECDSA_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Verify(int type, in byte digest, int digestLength, in byte signature, int signatureLength, OpenSslEcKey key);

    [DllImport(Library, EntryPoint = "EVP_default_properties_is_fips_enabled")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int IsFipsDemanded(nint library);

    [DllImport(Library, EntryPoint = "ERR_clear_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ClearErrors();
}
