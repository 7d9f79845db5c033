// One sign-in of one person on one device.
import Core

public struct Session: Sendable, Hashable {
  public var id: UID
  public var realm: String
  /// Which refresh token is good now: they count up.
  public var sequence: Int
  public var created: Timestamp
  public var used: Timestamp
  /// The end of the present refresh token, and with it of the session.
  public var expires: Timestamp
  public var agent: String
  public var address: String
  /// How the person proved to be himself: `password`, `google`, `password+totp`, …
  public var method: String

  public init(
    id: UID, realm: String, sequence: Int = 1, created: Timestamp, used: Timestamp, expires: Timestamp, agent: String,
    address: String,
    method: String
  ) {
    self.id = id
    self.realm = realm
    self.sequence = sequence
    self.created = created
    self.used = used
    self.expires = expires
    self.agent = agent
    self.address = address
    self.method = method
  }

  var value: Value {
    [
      "id": .string(id.description), "realm": .string(realm), "sequence": .int(sequence), "created": .string(created.description),
      "used": .string(used.description), "expires": .string(expires.description), "agent": .string(agent),
      "address": .string(address), "method": .string(method),
    ]
  }

  init?(_ value: Value) {
    guard let id = value["id"].string.flatMap({ UID($0) }), let sequence = value["sequence"].int,
      let created = value["created"].string.flatMap({ Timestamp($0) }),
      let used = value["used"].string.flatMap({ Timestamp($0) }),
      let expires = value["expires"].string.flatMap({ Timestamp($0) })
    else { return nil }
    self.init(
      id: id, realm: value["realm"].string ?? "", sequence: sequence, created: created, used: used, expires: expires,
      agent: value["agent"].string ?? "", address: value["address"].string ?? "", method: value["method"].string ?? "")
  }
}
