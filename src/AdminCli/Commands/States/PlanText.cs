using GrpcCa.AdminCli.Output;
using GrpcCa.V1;
using Action = GrpcCa.V1.StateChange.Types.Action;

namespace GrpcCa.AdminCli.Commands.States;

/// <summary>A plan for people: a line for each resource, indented ones for its fields.</summary>
internal static class PlanText
{
    private const int LongestValue = 160;

    public static void Write(Printer printer, StatePlan plan)
    {
        foreach (var change in plan.Changes)
        {
            printer.Line($"{Mark(change.Action)} {(change.Collection == StateCollection.NameLevels ? "names of " : "")}{change.Resource}{Remark(change)}");
            foreach (var field in change.Fields)
                printer.Line(PlainText.Of($"    {field.Path}: {(change.Action == Action.Update ? $"{Value(field.Before)} -> " : "")}{Value(field.After)}"));
        }
        printer.Line(Summary(plan));
    }

    public static string Summary(StatePlan plan)
    {
        int Count(Action action) => plan.Changes.Count(c => c.Action == action);
        return plan.Changes.Count == 0
            ? $"nothing to change: {plan.Unchanged} as declared"
            : $"{Count(Action.Create)} to create, {Count(Action.Update)} to change, {Count(Action.Delete)} to delete, {Count(Action.Disable)} to disable, {plan.Unchanged} as declared";
    }

    /// <summary>Whether something goes that may be in use.</summary>
    public static bool TakesAway(StatePlan plan) => plan.Changes.Any(c => c.Action is Action.Delete or Action.Disable);

    private static string Mark(Action action) => action switch
    {
        Action.Create => "+",
        Action.Update => "~",
        _ => "-",
    };

    private static string Remark(StateChange change) => change.Action == Action.Disable ? " (disabled)" : "";

    private static string Value(string json) => json.Length == 0 ? "nothing" : json.Length <= LongestValue ? json : json[..LongestValue] + "…";
}
