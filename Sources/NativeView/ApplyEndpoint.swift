// POST apply, POST plan.
import Core
import HTTPServer
import Identity
import Kinds
import Planning
import Ports
import Reconciling

extension NativeHandler {
  static let mostFiles = 100_000

  func applySet(_ request: NativeRequest, planOnly: Bool) async throws -> HTTPResponse {
    let body = try request.json()
    var asked = try Self.applyRequest(body, caller: request.caller)
    if planOnly { asked.dryRun = true }
    let outcome = try await apply.apply(asked, caller: request.caller)
    if !outcome.plan.problems.isEmpty { throw Problems(outcome.plan.problems) }
    let shape = PlanShape(handler: self, request: request, withOwners: asked.dryRun)
    var value = try await shape.value(outcome.plan, unchanged: outcome.unchanged, positions: outcome.positions)
    if planOnly { value["pinned"] = outcome.pinned }
    if !outcome.notes.isEmpty { value["notes"] = .list(outcome.notes.map(Value.string)) }
    return NativeAnswer.json(value, position: outcome.positions[request.caller.tenant])
  }

  static func applyRequest(_ body: Value, caller: Caller) throws -> ApplyRequest {
    var problems: [Problem] = []
    func wrong(_ pointer: String, _ message: String) {
      problems.append(Problem(.invalid, code: "body", message, pointer: pointer))
    }
    let known = ["set", "prune", "dryRun", "takeOver", "confirm", "commit", "files", "secrets", "plan", "adopt", "onDrift"]
    for key in body.object?.keys ?? [] where !known.contains(key) {
      let near = nearestName(to: key, among: known)
      problems.append(
        Problem(
          .invalid, code: "unknown_field", "There is no member \"\(key)\".", pointer: "/\(key)",
          fix: near.map { "Did you mean \($0)?" }))
    }
    func flag(_ name: String) -> Bool {
      switch body[name] {
      case .null: return false
      case .bool(let flag): return flag
      default:
        wrong("/\(name)", "\(name) is no boolean.")
        return false
      }
    }
    func text(_ name: String) -> String? {
      switch body[name] {
      case .null: return nil
      case .string(let text) where !text.isEmpty && text.utf8.count <= 1000: return text
      default:
        wrong("/\(name)", "\(name) is no text of 1 to 1000 bytes.")
        return nil
      }
    }
    var files: [ApplyFile] = []
    if let list = body["files"].list, list.count <= mostFiles {
      for (n, file) in list.enumerated() {
        if let name = file["name"].string, let text = file["text"].string {
          files.append(ApplyFile(name: name, bytes: Array(text.utf8)))
        } else {
          wrong("/files/\(n)", "A file has a name and a text.")
        }
      }
    } else {
      wrong("/files", "files is a list of at most \(mostFiles) files.")
    }
    var secrets: [String: String] = [:]
    for (key, value) in body["secrets"].object ?? ObjectMap() {
      if let plain = value.string { secrets[key] = plain } else { wrong("/secrets", "A secret is text.") }
    }
    var request = ApplyRequest(
      set: text("set"), owner: caller.tenant, prune: flag("prune"), dryRun: flag("dryRun"), takeOver: flag("takeOver"),
      confirm: text("confirm"),
      sourceCommit: text("commit"), files: files, secrets: secrets, plan: body["plan"].isNull ? Value?.none : body["plan"])
    request.adopt = flag("adopt")
    request.onDrift = text("onDrift")
    if let word = request.onDrift, !["correct", "report", "kind"].contains(word) {
      wrong("/onDrift", "onDrift is correct, report or kind.")
    }
    if !problems.isEmpty { throw Problems(problems) }
    return request
  }
}
