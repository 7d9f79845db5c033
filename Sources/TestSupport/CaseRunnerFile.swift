// Case files: YAML documents, each one case: what to call, as whom, and what must come back.
import Core
import Documents
import Foundation

/// `case:` text, `users:` {name: {permissions: [..], role: user, scopes: [..]}}, `manifests:` applied first, `steps:` list.
public struct CaseSpec: Sendable {
  public var name: String
  public var file: String
  public var line: Int
  public var users: ObjectMap
  public var manifests: String?
  public var steps: [CaseStep]
}

public struct CaseStep: Sendable {
  public enum Action: Sendable {
    /// `call: METHOD /path`; a stream is read `until:` a text came.
    case call(method: String, target: String)
    /// `wait: METHOD /path`: called until the expectation holds, at most `most` seconds.
    case wait(method: String, target: String, most: Int)
    /// `apply: |` manifests, through the native API; the expectation is over its answer.
    case apply(String, environment: ObjectMap)
    /// `received: /path`: `requests` that the receiver of the case got there, a list of {method, path, headers, body, text};
    /// with `signedWith: SECRET`, the last one carries the HMAC-SHA256 of its text under that secret.
    case received(path: String, most: Int)
    /// `mail: address`: the last mail that came to this address, `{to, subject, text}` in `expect: {mail: …}`; with `expect: {mails: N}`
    /// so many came to it. `save` reads from the mail: `{token: "text ~ Code: (.+)"}`.
    case mail(String, most: Int)
    /// `dns: name` with `txt:` texts or `address:` texts: what the name server of the cases answers from now on.
    case dns(name: String, Value)
  }
  public var action: Action
  public var caller: String?
  public var headers: ObjectMap
  public var body: Value?
  /// Sent as it is, instead of `body`.
  public var text: String?
  public var until: String?
  public var expect: Value
  public var save: [(String, String)]
  public var line: Int
}

public enum CaseReader {
  private static let stepKeys: Set<String> = [
    "call", "wait", "apply", "received", "mail", "dns", "as", "headers", "body", "text", "expect", "save", "most", "env", "txt",
    "address", "until",
  ]

  /// All cases below a folder, in path order. Throws Problems that name each fault with file and line.
  public static func cases(below folder: URL) throws -> [CaseSpec] {
    let files = (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? [])
      .filter { $0.contains("/cases/") && $0.hasSuffix(".yaml") }.sorted()
    var problems: [Problem] = []
    var cases: [CaseSpec] = []
    for file in files {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
      let read = YAMLReader.documents(bytes, file: "specs/\(file)")
      problems += read.problems
      for node in read.documents.compactMap(\.node) {
        do { cases.append(try spec(node, file: "specs/\(file)")) } catch let problem as Problem { problems.append(problem) }
      }
    }
    if !problems.isEmpty { throw Problems(problems) }
    return cases
  }

  private static func spec(_ node: Node, file: String) throws -> CaseSpec {
    func fault(_ node: Node, _ message: String) -> Problem {
      Problem(.invalid, code: "case", message, place: node.place(in: file))
    }
    for member in node.members ?? [] where !["case", "users", "manifests", "steps"].contains(member.key) {
      throw Problem(.invalid, code: "case", "A case has no key \(member.key).", place: member.place(in: file))
    }
    guard let name = node["case"]?.string else { throw fault(node, "A case begins with `case:`, saying what it shows.") }
    guard let steps = node["steps"]?.items, !steps.isEmpty else { throw fault(node, "A case has `steps`.") }
    return CaseSpec(
      name: name, file: file, line: Int(node.line), users: node["users"]?.value.object ?? [:],
      manifests: node["manifests"]?.string,
      steps: try steps.map { step in
        for member in step.members ?? [] where !stepKeys.contains(member.key) {
          throw Problem(.invalid, code: "case", "A step has no key \(member.key).", place: member.place(in: file))
        }
        guard let action = action(step) else { throw fault(step, "A step has one of call, wait, apply, received, dns.") }
        return CaseStep(
          action: action, caller: step["as"]?.string, headers: step["headers"]?.value.object ?? [:], body: step["body"]?.value,
          text: step["text"]?.string, until: step["until"]?.string, expect: step["expect"]?.value ?? [:],
          save: (step["save"]?.value.object ?? [:]).map { ($0.key, $0.value.string ?? "") }, line: Int(step.line))
      })
  }

  private static func action(_ step: Node) -> CaseStep.Action? {
    let most = step["most"]?.value.int ?? 10
    func split(_ text: String) -> (String, String)? {
      let parts = text.split(separator: " ", maxSplits: 1)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    if let call = step["call"]?.string.flatMap(split) { return .call(method: call.0, target: call.1) }
    if let wait = step["wait"]?.string.flatMap(split) { return .wait(method: wait.0, target: wait.1, most: most) }
    if let text = step["apply"]?.string { return .apply(text, environment: step["env"]?.value.object ?? [:]) }
    if let path = step["received"]?.string { return .received(path: path, most: most) }
    if let address = step["mail"]?.string { return .mail(address, most: step["most"]?.value.int ?? 60) }
    if let name = step["dns"]?.string {
      return .dns(name: name, ["txt": step["txt"]?.value ?? .null, "address": step["address"]?.value ?? .null])
    }
    return nil
  }
}
