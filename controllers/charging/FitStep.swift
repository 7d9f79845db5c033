// The step `fit` of a fine-tuning: reads the sessions, fits, measures. It gives others their turn, and ends when its time is over.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct FitStep {
  static let name = "fit"
  /// Long enough for the most that a job may learn from; a service call may take 16 s.
  static let deadline = Duration.seconds(15)

  let reads: any ReadPort

  /// `{base: parameters, config}` of the job `metadata.uid` → `{parameters, metrics}`.
  func reply(_ step: Step, metadata: ObjectMetadata) async -> StepReply {
    do {
      let found = try await reads.objects(tenant: metadata.tenant, uids: [metadata.uid]).first
      guard let source = found?.spec["source"] else {
        throw Problem(.missing, code: "missing", "The job is gone.")
      }
      let base = try DetectorParameters(json: step.arguments["base"])
      let config = try FitConfig(json: step.arguments["config"])
      let sessions = try await sessions(source, metadata.tenant)
      let result = try await ParameterFit.fit(sessions, base: base, config: config) { _ in
        await Task.yield()
        return !Task.isCancelled
      }
      return StepReply(
        step: step.name, outcome: .done, value: ["parameters": result.parameters.json, "metrics": result.metrics])
    } catch let problems as Problems { return failed(step, problems.list) } catch let problem as Problem {
      return failed(step, [problem])
    } catch { return failed(step, [Problem(.unavailable, code: "unavailable", "The sessions could not be read.")]) }
  }

  private func failed(_ step: Step, _ problems: [Problem]) -> StepReply {
    let words = problems.map { $0.message + ($0.message.hasSuffix(".") ? "" : ".") + ($0.fix.map { " \($0)" } ?? "") }
    return StepReply(
      step: step.name, outcome: .failed,
      value: ["error": ["code": .string(problems.first?.code ?? "failure"), "message": .string(words.joined(separator: " "))]])
  }

  private func sessions(_ source: Value, _ tenant: UID) async throws -> [TrainingSession] {
    guard TrainingSource(source["type"].string ?? "") == .upload else {
      return try await TrainingFacts(reads: reads, tenant: tenant).sessions(source["sessionFilter"])
    }
    return Self.uploaded(source["sessions"])
  }

  static func uploaded(_ sessions: Value) -> [TrainingSession] {
    (sessions.list ?? []).enumerated().map { at, one in
      TrainingSession(
        id: one["sessionId"].string ?? "\(at)", values: MeterValueReader.read(one["meterValues"]).values,
        label: TrainingFacts.label(one["label"]))
    }
  }
}
