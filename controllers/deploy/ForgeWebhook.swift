// Events of code hosts: a push makes the git sources of that repository look at once. Each proves itself by a source's own secret.
import Core
import Crypto
import Kinds
import Ports

struct ForgeWebhook: OperationHandler {
  private let forge: Forge

  init(_ forge: Forge) { self.forge = forge }

  var name: String { "deploy.\(forge.rawValue)-webhook" }
  var verifiesSignature: Bool { true }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    // Of what is not signed nothing is told, not even whether a source follows that repository.
    guard let event = event(call) else { throw refusal }
    let sources = try await followers(event, ports)
    let trusted = try sources.filter { source in
      guard let sealed = source.spec["webhookSecret"]?["$sealed"].string else { return false }
      return proves(call, secret: try ports.sealing.open(sealed, context: "GitSource.webhookSecret"))
    }
    guard !trusted.isEmpty else { throw refusal }
    let concerned = trusted.filter { event.concerns(branch: $0.spec["branch"]?.string, tag: $0.spec["tag"]?.string) }
    if !concerned.isEmpty {
      _ = try await ports.writes.write(
        concerned.map {
          Intent(
            .patch, .uid(tenant: $0.tenant, kind: $0.kind, $0.uid), fields: ["syncRequest": .string(event.delivery)])
        })
    }
    return .value(["accepted": true, "sources": .int(concerned.count)])
  }

  private var refusal: Problem {
    Problem(.unauthenticated, code: "bad_signature", "No git source of this repository has a secret that signed this event.")
  }

  private func event(_ call: OperationCall) -> ForgeEvent? {
    let headers: (kind: String, delivery: String) =
      switch forge {
      case .github: ("X-GitHub-Event", "X-GitHub-Delivery")
      case .gitlab: ("X-Gitlab-Event", "X-Gitlab-Event-UUID")
      case .bitbucket: ("X-Event-Key", "X-Request-UUID")
      }
    guard let payload = try? JSON.parse(Self.json(call)), payload.object != nil else { return nil }
    return ForgeEvent(forge, payload, kind: call.header(headers.kind) ?? "", delivery: call.header(headers.delivery))
  }

  /// GitHub can send the JSON as a member of a form; what is signed is the body as it came.
  private static func json(_ call: OperationCall) -> [UInt8] {
    let mark = Array("payload=".utf8)
    guard call.header("Content-Type")?.hasPrefix("application/x-www-form-urlencoded") == true, call.rawBody.starts(with: mark)
    else {
      return call.rawBody
    }
    var out: [UInt8] = []
    let bytes = call.rawBody
    var at = mark.count
    while at < bytes.count, bytes[at] != UInt8(ascii: "&") {
      if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
        let byte = Hex.decode(String(decoding: bytes[at + 1...at + 2], as: UTF8.self))?.first
      {
        out.append(byte)
        at += 3
      } else {
        out.append(bytes[at] == UInt8(ascii: "+") ? 32 : bytes[at])
        at += 1
      }
    }
    return out
  }

  /// The live sources of the event's repository, of whatever tenant.
  private func followers(_ event: ForgeEvent, _ ports: OperationPorts) async throws -> [StoredObject] {
    let keys = Set(event.addresses.compactMap(RepositoryKey.of))
    var uids: Set<UID> = []
    for key in keys.sorted() {
      let entries = try await ports.reads.value(tenant: .rootTenant, key: RepositoryKey.index(key))?.list ?? []
      for entry in entries { if let uid = entry["uid"].string.flatMap({ UID($0) }) { uids.insert(uid) } }
    }
    if uids.isEmpty { return [] }
    return try await ports.reads.objects(tenant: nil, uids: uids.sorted()).filter { source in
      source.kind == "GitSource" && !source.deleted && source.deleting == nil
        && source.spec["url"]?.string.flatMap(RepositoryKey.of).map(keys.contains) == true
    }
  }

  /// In constant time, over the bytes as they came.
  private func proves(_ call: OperationCall, secret: String) -> Bool {
    switch forge {
    case .gitlab:
      // Digests, so that not even the length tells.
      return constantTimeEqual(
        Digest.sha256(Array(secret.utf8)), Digest.sha256(Array((call.header("X-Gitlab-Token") ?? "").utf8)))
    case .github, .bitbucket:
      let given = call.header(forge == .github ? "X-Hub-Signature-256" : "X-Hub-Signature") ?? ""
      let wanted = "sha256=" + Hex.encode(Digest.hmacSHA256(key: Array(secret.utf8), call.rawBody))
      return constantTimeEqual(Array(wanted.utf8), Array(given.utf8))
    }
  }
}
