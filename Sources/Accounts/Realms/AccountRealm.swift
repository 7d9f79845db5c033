// Which account system a call is about: the route's `with: {realm}`, and the tenant that it acts in.
import Core
import Kinds
import Ports

/// Staff accounts belong to the installation. Those of any other realm belong to one tenant: the same address may have one in each.
struct AccountRealm: Sendable {
  static let staff = "staff"

  let name: String
  /// Within it an address has one account.
  let directory: String

  var isStaff: Bool { name == Self.staff }

  init(_ call: OperationCall) {
    self.init(name: call.with["realm"]?.string ?? Self.staff, tenant: call.tenant)
  }

  init(name: String, tenant: UID) {
    self.name = name
    directory = name == Self.staff ? Self.staff : "\(name)/\(tenant)"
  }

  /// Whether an account is one of this realm and directory. A token of one realm does nothing in another.
  func holds(_ account: StoredObject) -> Bool { account.spec["directory"]?.string ?? Self.staff == directory }

  /// What failed attempts at an address are counted under.
  func lockName(_ email: String) -> String { "\(directory)/\(email)" }

  /// The same for an account that is known.
  static func lockName(of account: StoredObject) -> String {
    "\(account.spec["directory"]?.string ?? staff)/\(account.spec["email"]?.string ?? "")"
  }

  /// What a new account of this realm states.
  var fields: ObjectMap { isStaff ? [:] : ["realm": .string(name), "directory": .string(directory)] }
}
