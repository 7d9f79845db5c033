// Explanations and answers about a session: from a language model where one is configured, else written from the facts of the analysis.
import ChargingAnalysis
import Core
import Kinds
import Ports

struct SessionWords: Sendable {
  /// How long a model may take.
  static let within = Duration.seconds(45)
  static let builtIn = "built-in"

  let call: OperationCall
  let ports: OperationPorts

  struct Words: Sendable {
    var text: String
    var model: String
  }

  static func language(_ tag: String?) throws -> ExplanationLanguage {
    guard let tag, !tag.isEmpty else { return .en }
    guard let language = ExplanationLanguage(tag: tag) else {
      throw Problems(
        Problem(
          .invalid, code: "unknown_language", "\"\(tag.prefix(20))\" is no language that is spoken here", pointer: "/lang",
          fix: "Known: \(ExplanationLanguage.allCases.map(\.rawValue).joined(separator: ", "))."))
    }
    return language
  }

  /// The facts of the latest analysis.
  static func facts(_ session: StoredObject) throws -> SessionFacts {
    if let json = session.spec["facts"], let facts = SessionFacts(json: json) { return facts }
    throw Problem(
      .conflict, code: "not_analyzed",
      "This session has not been analysed: \(session.spec["valueCount"]?.int ?? 0) of at least "
        + "\(SessionAnalyzer.minimumValues) meter values are known.", fix: "Append meter values with PATCH.")
  }

  func explain(_ facts: SessionFacts, _ language: ExplanationLanguage) async throws -> Words {
    try await complete(Prompt.explain(facts, language: language), facts, language)
      ?? Words(text: Explainer.explain(facts, language: language), model: Self.builtIn)
  }

  func answer(_ question: String, _ facts: SessionFacts, _ language: ExplanationLanguage) async throws -> Words {
    try await complete(Prompt.answer(question, facts, language: language), facts, language)
      ?? Words(text: Explainer.answer(question, facts, language: language), model: Self.builtIn)
  }

  /// What the language model says; nil where none is configured. Numbers that the analysis does not have are refused.
  private func complete(_ prompt: ChatPrompt, _ facts: SessionFacts, _ language: ExplanationLanguage) async throws -> Words? {
    guard let model = ports.services["model"] else { return nil }
    let session = call.path["session_id"] ?? ""
    let about = ObjectMetadata(
      tenant: call.tenant, uid: call.tenant, kind: "Session", name: session, generation: 1, labels: [:], created: call.now)
    let step = Step(
      name: "complete", service: "model", operation: "complete",
      arguments: ["system": .string(prompt.system), "user": .string(prompt.user)], kind: .idempotent, deadline: Self.within)
    let reply = await model.perform(step, key: call.requestID, metadata: about)
    guard reply.outcome == .done, let text = reply.value["text"].string else {
      let error = reply.value["error"]
      if error["code"].string == "model_not_configured" { return nil }
      throw Problem(
        .unavailable, code: error["code"].string ?? "model_unavailable",
        error["message"].string ?? "The language model did not answer.", fix: "Try again later.")
    }
    let foreign = NumberGuard.foreignNumbers(in: text, facts: facts, language: language, literals: [session])
    guard foreign.isEmpty else {
      throw Problem(
        .unavailable, code: "model_answer",
        "The language model named numbers that are not in the analysis (\(foreign.prefix(5).joined(separator: ", "))); its answer was not used.",
        fix: "Ask again.")
    }
    return Words(text: text, model: reply.value["model"].string ?? "unnamed")
  }
}
