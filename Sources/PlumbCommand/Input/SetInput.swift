// What apply, diff and plan send: the files of a set, its secrets and its options, read from flags or from a pinned plan.
import Core

struct SetInput {
  /// The body of `POST /plumb/v1/apply`.
  var body: ObjectMap
  var set: String

  /// The flags that apply, diff and plan share.
  static let flags = [Flag.file, Flag.set, Flag.prune, Flag.takeOver, Flag.commit]

  init(_ arguments: Arguments) throws {
    let sources = arguments.values("file")
    let files = try SetFiles.read(sources)
    set = arguments.value("set") ?? SetFiles.name(sources)
    body = [
      "set": .string(set), "prune": .bool(arguments.has("prune")), "takeOver": .bool(arguments.has("take-over")),
      "files": .list(files.map { ["name": .string($0.name), "text": .string(String(decoding: $0.bytes, as: UTF8.self))] }),
    ]
    if let commit = arguments.value("commit") { body["commit"] = .string(commit) }
    addSecrets(of: files)
  }

  /// From the file that `plumb plan -o` wrote. Secrets are read again here: a plan holds none.
  init(plan path: String) throws {
    let bytes = try FileReader.read(path, limit: SetFiles.totalBytes * 2)
    guard let plan = try? JSON.parse(bytes), plan["format"].string == Self.format, var body = plan["request"].object,
      let files = body["files"]?.list
    else {
      throw Problem(.invalid, code: "plan_file", "\(path) is no plan.", fix: "Write one with plumb plan -f … -o \(path).")
    }
    body["plan"] = plan["pinned"]
    set = body["set"]?.string ?? "default"
    self.body = body
    addSecrets(of: files.map { SetFile(name: $0["name"].string ?? "", bytes: Array(($0["text"].string ?? "").utf8)) })
  }

  /// The text of a plan file: what was asked, and what the server pinned.
  func planFile(pinned: Value, summary: Value) -> String {
    var request = body
    request["secrets"] = nil
    let value: Value = ["format": .string(Self.format), "summary": summary, "pinned": pinned, "request": .object(request)]
    return JSON.pretty(value) + "\n"
  }

  private static let format = "plumb-plan/1"

  private mutating func addSecrets(of files: [SetFile]) {
    let secrets = ClientSecrets.read(files)
    if secrets.isEmpty { return }
    body["secrets"] = .object(ObjectMap(secrets.sorted { $0.key < $1.key }.map { ($0.key, Value.string($0.value)) }))
  }
}
