using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrpcCa.ControlPlane.Pki;

/// <summary>Identifiers in stored documents: <c>"dns:nas.net.gq"</c>.</summary>
internal sealed class IdentifierJsonConverter : JsonConverter<Identifier>
{
    public override Identifier Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Identifier.ParseKind(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Identifier value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
