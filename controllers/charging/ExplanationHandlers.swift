// Ask and explain: explanations are kept by session, language and model, for as long as the values are those explained.
import ChargingAnalysis
import Core
import Kinds
import Ports

/// What is kept of a session's explanations.
private enum ExplanationCache {
  static func found(_ session: StoredObject, _ language: ExplanationLanguage, _ reads: any ReadPort) async throws -> StoredObject?
  {
    let query = ObjectQuery(
      tenant: session.tenant, kind: "Explanation",
      predicate: .all([
        .compare(.spec(["session"]), .equal, .string(session.uid.description)),
        .compare(.spec(["language"]), .equal, .string(language.rawValue)),
      ]), sort: [(.updated, true)], limit: 20, wantsOwners: false)
    let mark = session.spec["analyzedFingerprint"]
    return try await reads.list(query).objects.first {
      $0.spec["fingerprint"] == mark && $0.spec["analyzedWith"] == session.spec["model"]
    }
  }

  /// Takes the place of the one before it of the same language and model.
  static func keep(
    _ words: SessionWords.Words, _ session: StoredObject, _ language: ExplanationLanguage, _ ports: OperationPorts
  ) async throws {
    let query = ObjectQuery(
      tenant: session.tenant, kind: "Explanation",
      predicate: .all([
        .compare(.spec(["session"]), .equal, .string(session.uid.description)),
        .compare(.spec(["language"]), .equal, .string(language.rawValue)),
        .compare(.spec(["model"]), .equal, .string(words.model)),
      ]), limit: 1)
    var fields: ObjectMap = [
      "text": .string(words.text), "fingerprint": session.spec["analyzedFingerprint"] ?? .null,
      "analyzedWith": session.spec["model"] ?? .null,
    ]
    if let old = try await ports.reads.list(query).objects.first {
      _ = try await ports.writes.write([
        Intent(.patch, .uid(tenant: session.tenant, kind: "Explanation", old.uid), fields: fields)
      ])
      return
    }
    fields["session"] = .string(session.uid.description)
    fields["language"] = .string(language.rawValue)
    fields["model"] = .string(words.model)
    do {
      _ = try await ports.writes.write([Intent(.create, .new(tenant: session.tenant, kind: "Explanation"), fields: fields)])
    } catch let problems as Problems where problems.category == .conflict {
      // Somebody asked for the same at the same time, and was first.
    }
  }

  static func shown(_ session: StoredObject, _ text: String, cached: Bool) -> OperationReply {
    .value(["sessionId": .string(session.name), "explanation": .string(text), "cached": .bool(cached)])
  }
}

struct GetExplanationHandler: OperationHandler {
  let name = "charging.getExplanation"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let session = call.target else { throw SessionWriting.missing }
    let language = try SessionWords.language(call.args["lang"]?.string)
    guard let kept = try await ExplanationCache.found(session, language, ports.reads), let text = kept.spec["text"]?.string else {
      throw Problem(
        .missing, code: "no_explanation", "There is no explanation of this session in this language yet.",
        fix: "POST to the same address makes one.")
    }
    return ExplanationCache.shown(session, text, cached: true)
  }
}

struct ExplainSessionHandler: OperationHandler {
  let name = "charging.explainSession"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let session = call.target else { throw SessionWriting.missing }
    let language = try SessionWords.language(call.args["lang"]?.string)
    let facts = try SessionWords.facts(session)
    if call.args["regenerate"]?.bool != true, let kept = try await ExplanationCache.found(session, language, ports.reads),
      let text = kept.spec["text"]?.string
    {
      return ExplanationCache.shown(session, text, cached: true)
    }
    let words = try await SessionWords(call: call, ports: ports).explain(facts, language)
    try await ExplanationCache.keep(words, session, language, ports)
    return ExplanationCache.shown(session, words.text, cached: false)
  }
}

struct AskSessionHandler: OperationHandler {
  let name = "charging.askSession"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let session = call.target else { throw SessionWriting.missing }
    let language = try SessionWords.language(call.args["lang"]?.string)
    let facts = try SessionWords.facts(session)
    let words = try await SessionWords(call: call, ports: ports).answer(call.args["question"]?.string ?? "", facts, language)
    return .value(["sessionId": .string(session.name), "answer": .string(words.text)])
  }
}
