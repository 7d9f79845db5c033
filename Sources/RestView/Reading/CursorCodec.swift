// Cursors of lists: where to go on, sealed together with the sort and filter that they belong to.
import Core
import Crypto

struct CursorCodec: Sendable {
  /// Longer texts are no cursors of ours.
  private static let lengthLimit = 4096

  let key: [UInt8]

  /// - Parameter query: the list that the cursor belongs to: route, tenant, sort and filters as one text.
  func write(values: [Value], uid: UID, query: String) -> String {
    let payload = JSON.write(["v": .list(values), "u": .string(uid.description)])
    return Base64URL.encode(tag(payload, query) + payload)
  }

  /// Throws a Problem for a cursor that was changed, or that belongs to another list.
  func read(_ text: String, query: String) throws -> (values: [Value], uid: UID) {
    guard text.utf8.count <= Self.lengthLimit, let bytes = Base64URL.decode(text), bytes.count > 32 else { throw Self.fault }
    let payload = Array(bytes[32...])
    guard constantTimeEqual(Array(bytes[..<32]), tag(payload, query)), let value = try? JSON.parse(payload),
      let values = value["v"].list, let uid = value["u"].string.flatMap({ UID($0) })
    else { throw Self.fault }
    return (values, uid)
  }

  private func tag(_ payload: [UInt8], _ query: String) -> [UInt8] {
    Digest.hmacSHA256(key: key, Array("\(query.utf8.count)\n\(query)".utf8) + payload)
  }

  private static let fault = Problem(
    .invalid, code: ProblemCode.badQuery, "The cursor is not one of this list.", fix: "Start again without a cursor.")
}
