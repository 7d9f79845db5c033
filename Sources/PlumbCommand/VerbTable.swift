// Every verb of the command line, in the order that help shows them.

enum VerbTable {
  static let all: [Verb] = [
    ServeVerb.verb, ApplyVerb.verb, DiffVerb.verb, PlanVerb.verb, LintVerb.verb, GetVerb.verb, DescribeVerb.verb,
    ExplainVerb.verb,
    WhyVerb.verb, CanVerb.verb, TreeVerb.verb, DeleteVerb.verb, RenameVerb.verb, RollbackVerb.verb, HandoverVerb.verb,
    AdoptVerb.verb,
    DriftVerb.verb, BlameVerb.verb, WaitVerb.verb, SimulateVerb.verb, SyncVerb.verb, SuspendVerb.verb, ResumeVerb.verb,
    EventsVerb.verb, HistoryVerb.verb, ExportVerb.verb, SetsVerb.verb, PersonVerb.verb,
    EvalVerb.verb, QualityVerb.verb, HelloVerb.verb,
    CompletionVerb.verb, VersionVerb.verb,
  ]

  static func verb(_ name: String) -> Verb? { all.first { $0.name == name } }
}
