using GrpcCa.ControlPlane;
using GrpcCa.ControlPlane.Signing;
using GrpcCa.ControlPlane.Signing.File;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.CrashHost;
using GrpcCa.TestKit.Signing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

var line = CrashLine.Read(args);
var options = ControlPlaneOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(line.Settings).Build());
var signatures = new SignatureLog(line.SignatureFile);
return await ServerRun.ServeAsync(options, mayFound: true, TimeProvider.System, CancellationToken.None, builder =>
{
    builder.Services.RemoveAll<ISignerProvider>();
    builder.Services.AddSingleton<ISignerProvider>(services => new RecordingSignerProvider(services.GetRequiredService<FileSignerProvider>(), signatures));
    if (line.CrashAt is not { } step) return;
    var crash = new Crash(step, line.Reach, line.SignatureFile + ".crash");
    if (line.FromStart) crash.Arm();
    else _ = Task.Run(() => crash.Arm(Console.In));
    builder.Services.RemoveAll<FailPoints>();
    builder.Services.AddSingleton(new FailPoints(crash.Reached));
});
