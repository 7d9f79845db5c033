// The handlers of the lab family.
import Core
import Crypto
import Ports

enum LabHandlers {
  static let all: [any OperationHandler] = [EchoHandler(), TwiceHandler(), PairHandler(), SignedHandler()]
  static let key = Array("lab".utf8)
}

/// Tells what it was called with.
struct EchoHandler: OperationHandler {
  let name = "lab.echo"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    .value([
      "args": .object(call.args), "with": .object(call.with), "tenant": .string(call.tenant.description),
      "files": .list(
        call.files.map { ["name": .string($0.name), "fileName": .string($0.fileName), "bytes": .int($0.bytes.count)] }),
    ])
  }
}

/// Writes the target's copy, which is about the target.
struct TwiceHandler: OperationHandler {
  let name = "lab.twice"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    guard let target = call.target else { return .none }
    var fields = target.spec
    fields["title"] = .string((fields["title"]?.string ?? "") + " again")
    fields["about"] = .string(target.uid.description)
    let outcome = try await ports.writes.write([Intent(.create, .new(tenant: call.tenant, kind: "Note"), fields: fields)])
    guard let made = outcome.objects.first ?? nil else { return .none }
    return .object(made)
  }
}

/// Writes two notes or none.
struct PairHandler: OperationHandler {
  let name = "lab.pair"

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    var second = call.fields
    second["title"] = .string((call.fields["title"]?.string ?? "") + " 2")
    let outcome = try await ports.writes.write(
      [call.fields, second].map { Intent(.create, .new(tenant: call.tenant, kind: "Note"), fields: $0) })
    return .objects(outcome.objects.compactMap { $0 }, total: 2)
  }
}

/// Takes bytes that are signed with the lab's key.
struct SignedHandler: OperationHandler {
  let name = "lab.signed"
  var verifiesSignature: Bool { true }

  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply {
    let wanted = Hex.encode(Digest.hmacSHA256(key: LabHandlers.key, call.rawBody))
    guard constantTimeEqual(Array(wanted.utf8), Array((call.header("x-signature") ?? "").utf8)) else {
      throw Problem(.unauthenticated, code: "bad_signature", "The signature is not good.")
    }
    return .value(["bytes": .int(call.rawBody.count)])
  }
}
