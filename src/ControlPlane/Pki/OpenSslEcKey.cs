using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>
/// EC public keys made by OpenSSL's own importer. The platform's sets a legacy key: it multiplies the point by the order of the
/// group, which says nothing on a curve of prime order, and OpenSSL takes the key over into its provider at the first signature.
/// Together that costs one to two times what checking a signature does; this costs a quarter of it.
/// </summary>
/// <remarks>OpenSSL checks that the point is on the curve, as <see cref="EcCurve.Contains"/> did before.</remarks>
internal static class OpenSslEcKey
{
    private const string Library = "libcrypto.so.3"; // the name of every 3.x
    private const int Public = 0x86; // EVP_PKEY_PUBLIC_KEY: parameters and the public key
    private const uint Utf8Text = 4, Octets = 5; // OSSL_PARAM_UTF8_STRING, OSSL_PARAM_OCTET_STRING

    // C strings that live as long as the program.
    private static readonly nint algorithm = Marshal.StringToCoTaskMemUTF8("EC");
    private static readonly nint groupKey = Marshal.StringToCoTaskMemUTF8("group");
    private static readonly nint pointKey = Marshal.StringToCoTaskMemUTF8("pub");

    // Only where it is the library that the platform has loaded: a key of one copy must not get into another. The variable may name one elsewhere.
    private static readonly bool isUsable = OperatingSystem.IsLinux()
        && SafeEvpPKeyHandle.OpenSslVersion is >= 0x3000_0000 and < 0x4000_0000
        && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null
        && NativeLibrary.TryLoad(Library, out _);

    /// <summary>The key with these coordinates, each as long as the curve's field; null where OpenSSL is no 3.x or does not take it.</summary>
    public static ECDsa? Import(EcCurve curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (!isUsable) return null;
        var group = curve.Bits switch { 256 => "P-256\0"u8, 384 => "P-384\0"u8, _ => "P-521\0"u8 };
        byte[] values = [.. group, 0x04, .. x, .. y]; // the point uncompressed, SEC 1 §2.3.3
        var context = ContextNew(0, algorithm, 0);
        var pinned = GCHandle.Alloc(values, GCHandleType.Pinned);
        try
        {
            var (key, address) = (nint.Zero, pinned.AddrOfPinnedObject());
            Parameter[] parameters =
            [
                new(groupKey, Utf8Text, address, (nuint)group.Length - 1),
                new(pointKey, Octets, address + group.Length, (nuint)(values.Length - group.Length)),
                default, // the end
            ];
            if (context == 0 || FromDataInit(context) <= 0 || FromData(context, ref key, Public, parameters) <= 0) return null;
            using var handle = new SafeEvpPKeyHandle(key, ownsHandle: true);
            return new ECDsaOpenSsl(handle);
        }
        finally
        {
            ContextFree(context);
            pinned.Free();
        }
    }

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_name")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint ContextNew(nint library, nint name, nint properties);

    [DllImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ContextFree(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_fromdata_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FromDataInit(nint context);

    [DllImport(Library, EntryPoint = "EVP_PKEY_fromdata")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FromData(nint context, ref nint key, int selection, Parameter[] parameters);

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
