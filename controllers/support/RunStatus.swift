// The status of a run: a request that is carried to an end.
import Core
import Kinds

/// Phases: Waiting, Queued, Running, Succeeded, Failed, Rejected, Cancelled, TimedOut, Unknown.
struct RunStatus {
  static let finals: Set<String> = ["Succeeded", "Failed", "Rejected", "Cancelled", "TimedOut", "Unknown"]

  private let input: ReconcileInput
  var attempts: Int
  var result: Value

  init(_ input: ReconcileInput) {
    self.input = input
    attempts = input.status["attempts"].int ?? 0
    result = input.status["result"]
  }

  /// Nothing more is done for it.
  static func isFinished(_ status: Value) -> Bool { finals.contains(status["phase"].string ?? "") }

  func running(_ message: String, progress: Double = 0) -> Value { status("Running", message, progress: progress, error: nil) }
  /// Not begun: someone must decide first.
  func waiting(_ message: String) -> Value { status("Waiting", message, progress: 0, error: nil) }
  func succeeded(_ message: String) -> Value { status("Succeeded", message, progress: 1, error: nil) }
  func ended(_ phase: String, _ error: String) -> Value {
    status(phase, error, progress: input.status["progress"].double ?? 0, error: error)
  }

  private func status(_ phase: String, _ message: String, progress: Double, error: String?) -> Value {
    let finished = Self.finals.contains(phase)
    var conditions = ConditionSet(input)
    conditions.set("Ready", phase == "Succeeded" ? .yes : .no, phase, message)
    var status: Value = [
      "phase": .string(phase), "progress": .double(progress), "attempts": .int(attempts), "result": result, "error": Value(error),
      "finished": .bool(finished), "conditions": conditions.value,
    ]
    if phase != "Waiting" || !input.status["startedAt"].isNull {
      status["startedAt"] = input.status["startedAt"].isNull ? .string(input.now.description) : input.status["startedAt"]
    }
    if finished { status["finishedAt"] = .string(input.now.description) }
    return status
  }
}
