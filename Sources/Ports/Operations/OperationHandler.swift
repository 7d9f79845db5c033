// The seam for operations that data cannot describe: Swift by name, called with a request that was checked already.
import Core
import Kinds

/// Registered under the name that specs use in `handler:`. Stateless; it is called from many requests at once.
public protocol OperationHandler: Sendable {
  /// Unique over all families: `backend.login`, or a word for what every family may use.
  var name: String { get }
  /// It checks the signature over `rawBody` itself, in constant time. Routes whose scheme accepts `signature` need such a handler.
  var verifiesSignature: Bool { get }
  /// What is wrong with a body beside its types. Asked only where a type is wrong too, so that all faults are told in one answer;
  /// `handle` tells them otherwise. Pure.
  func faults(of body: Value) -> [Problem]
  /// Called once the caller is known and allowed, inputs have their types, and the target was found. Throws Problem or Problems,
  /// which are told in the family's error shape.
  func handle(_ call: OperationCall, _ ports: OperationPorts) async throws -> OperationReply
}

extension OperationHandler {
  public var verifiesSignature: Bool { false }
  public func faults(of body: Value) -> [Problem] { [] }
}

/// A file of a multipart body.
public struct UploadedFile: Sendable, Hashable {
  /// The form's member.
  public var name: String
  /// As the client calls it; not to be used as a path.
  public var fileName: String
  /// Media type as the client states it.
  public var type: String
  public var bytes: [UInt8]
  public init(name: String, fileName: String, type: String, bytes: [UInt8]) {
    self.name = name
    self.fileName = fileName
    self.type = type
    self.bytes = bytes
  }
}

/// What a handler is called with. Nothing here is a handle.
public struct OperationCall: Sendable {
  /// The operation's id: `backend.auth.login`.
  public var operation: String
  public var family: String
  public var requestID: String
  public var now: Timestamp
  /// Nil for routes without authentication and for signed calls.
  public var caller: Caller?
  /// The tenant that the call acts in: the caller's, else the one that the route's `tenant` found, else the root tenant.
  public var tenant: UID
  public var method: String
  /// Placeholders by name, decoded.
  public var path: [String: String]
  /// The query's parameters, the last of each name.
  public var query: [String: String]
  /// In the order of the request; names in any case.
  public var headers: [(name: String, value: String)]
  /// The address of the peer.
  public var remoteAddress: String
  /// Typed inputs that are not stored.
  public var args: ObjectMap
  /// What `body` and `bind` of the route give to fields, references as uids.
  public var fields: ObjectMap
  /// The decoded body; an empty object for raw ones.
  public var body: Value
  /// The body's exact bytes.
  public var rawBody: [UInt8]
  public var files: [UploadedFile]
  /// The object that the path names. Nil for routes without one, and where `absent` lets it be missing.
  public var target: StoredObject?
  /// The route's `with`, computed.
  public var with: ObjectMap

  public init(
    operation: String, family: String = "", requestID: String = "", now: Timestamp, caller: Caller? = nil, tenant: UID,
    method: String = "POST", path: [String: String] = [:], query: [String: String] = [:],
    headers: [(name: String, value: String)] = [], remoteAddress: String = "", args: ObjectMap = [:], fields: ObjectMap = [:],
    body: Value = .emptyObject, rawBody: [UInt8] = [], files: [UploadedFile] = [], target: StoredObject? = nil,
    with: ObjectMap = [:]
  ) {
    self.operation = operation
    self.family = family
    self.requestID = requestID
    self.now = now
    self.caller = caller
    self.tenant = tenant
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.remoteAddress = remoteAddress
    self.args = args
    self.fields = fields
    self.body = body
    self.rawBody = rawBody
    self.files = files
    self.target = target
    self.with = with
  }

  /// The first header of a name, in any case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name.lowercased() == wanted }?.value
  }
}
