using System.CommandLine;
using GrpcCa.ControlPlane;

return await ServerCommands.Root().Parse(args).InvokeAsync();
