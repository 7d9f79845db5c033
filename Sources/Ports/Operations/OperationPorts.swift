// What a handler may do: read, write along the one path of all writes, seal, ask services.
import Core
import Kinds

/// Handed to a handler with each call.
public struct OperationPorts: Sendable {
  public let catalog: KindCatalog
  /// Reads of any tenant: a handler names the call's, unless nobody is logged in yet and it knows why.
  public let reads: any ReadPort
  public let writes: any OperationWriting
  public let ids: any PublicIDs
  /// Secret fields are written in clear: the write path seals and hashes them. This is for what is compared or opened here.
  public let sealing: any SecretSealing
  /// Adapters by name.
  public let services: [String: any ServicePort]
  public let clock: any Clock
  public let random: any RandomSource

  public init(
    catalog: KindCatalog, reads: any ReadPort, writes: any OperationWriting, ids: any PublicIDs, sealing: any SecretSealing,
    services: [String: any ServicePort] = [:], clock: any Clock, random: any RandomSource
  ) {
    self.catalog = catalog
    self.reads = reads
    self.writes = writes
    self.ids = ids
    self.sealing = sealing
    self.services = services
    self.clock = clock
    self.random = random
  }

  /// A uid for an object of `kind` that further intents of the same write refer to.
  public func newUID(for kind: String) -> UID { catalog.kind(kind)?.minted(newUID()) ?? newUID() }

  /// The same where the kind's ids have no style of their own.
  public func newUID() -> UID {
    var generator = RandomGenerator(random)
    return UID(at: clock.now(), random: &generator)
  }
}

/// Checks under the write's lock, called on every attempt with the target objects as read (by the position of their intent). What it
/// throws refuses the write; the intents that it returns are written too.
public typealias WriteGuard = @Sendable ([Int: StoredObject]) throws -> [Intent]

/// The writes of a handler. Each is done whole or not at all, and stands in history under the caller's name.
public protocol OperationWriting: Sendable {
  /// Plans and commits intents in one transaction: keys, references, rules, limits, ownership, history and feed as for any write.
  /// Throws Problems with pointers into the request's body where the route names its fields.
  /// `attaching`: what goes into the same commit beside objects.
  func write(_ intents: [Intent], attaching: Attachments, guards: WriteGuard?) async throws -> OperationOutcome
  /// Rows of record kinds, outside a transaction.
  func append(_ records: [RecordRow]) async throws
  /// Writes a named value when the present one equals `expecting` (nil: absent; not given: always). False when it does not.
  func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool
}

extension OperationWriting {
  public func write(_ intents: [Intent]) async throws -> OperationOutcome { try await write(intents, guards: nil) }
  public func write(_ intents: [Intent], guards: WriteGuard?) async throws -> OperationOutcome {
    try await write(intents, attaching: Attachments(), guards: guards)
  }
}

/// What a write did.
public struct OperationOutcome: Sendable {
  /// The object that each intent was about, as it is now; nil when it was removed.
  public var objects: [StoredObject?]
  /// Secrets minted by the write, by object and field: shown once.
  public var minted: [UID: [String: String]]
  public init(objects: [StoredObject?], minted: [UID: [String: String]] = [:]) {
    self.objects = objects
    self.minted = minted
  }
}

/// Identifiers as the family of the call shows them.
public protocol PublicIDs: Sendable {
  func text(_ object: StoredObject) -> String
  /// The same for an object that need not be read. Not for kinds whose ids are their names.
  func text(_ uid: UID, kind: String) -> String
  /// The uid behind a client's id; nil for a malformed one. Whether there is such an object is not looked at.
  func uid(_ text: String, kind: String) -> UID?
  /// The object that a client's id names in a tenant; nil for a malformed id, an unknown one, and one of another kind.
  func object(_ text: String, kind: String, tenant: UID) async throws -> StoredObject?
}
