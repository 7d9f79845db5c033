// Outside services as the engine sees them: looked at, and asked to take one step.
import Core
import Kinds

/// An adapter to one outside thing: processes, HTTP, mail, DNS.
public protocol ServicePort: Sendable {
  /// The name that steps and observations use.
  var name: String { get }
  /// What the world is like for this object just now. Throws Problem(.unavailable) when it cannot be seen.
  func observe(_ metadata: ObjectMetadata, operation: String, arguments: Value) async throws -> Value
  /// `observe` answers from memory or from the store: many objects may wait for it together.
  var answersAtOnce: Bool { get }
  /// Several looks, all at once where the service can. Nil: it cannot be seen.
  func observe(_ looks: [(metadata: ObjectMetadata, operation: String, arguments: Value)]) async -> [Value?]
  /// Takes one step. `key` is the same for every attempt of the same intent. The deadline is kept by the caller too.
  func perform(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply
  /// Probed steps: whether the marker of an earlier attempt is there. Nil: not known.
  func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply?
  /// Things that happened by themselves (a child died): the objects to look at again.
  func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)>
  func shutdown() async
  /// Objects that this service keeps something for on this host, and that only its replica may work on. Empty for most.
  func keptHere() -> [UID]
  /// Another host keeps it now: what is here goes.
  func leave(_ uid: UID) async
}

extension ServicePort {
  public var answersAtOnce: Bool { false }

  /// Looks under way at once.
  public static var looksAtOnce: Int { 8 }

  public func observe(_ looks: [(metadata: ObjectMetadata, operation: String, arguments: Value)]) async -> [Value?] {
    await withTaskGroup(of: (Int, Value?).self) { group in
      var worlds: [Value?] = Array(repeating: nil, count: looks.count)
      for (at, look) in looks.enumerated() {
        if at >= Self.looksAtOnce, let (done, world) = await group.next() { worlds[done] = world }
        group.addTask { (at, try? await self.observe(look.metadata, operation: look.operation, arguments: look.arguments)) }
      }
      for await (done, world) in group { worlds[done] = world }
      return worlds
    }
  }

  public func probe(_ step: Step, key: String, metadata: ObjectMetadata) async -> StepReply? { nil }
  public func wakes() -> AsyncStream<(tenant: UID, uid: UID, kind: String)> { AsyncStream { $0.finish() } }
  public func shutdown() async {}
  public func keptHere() -> [UID] { [] }
  public func leave(_ uid: UID) async {}
}

/// Seals secrets before they are stored, and opens them for controllers and adapters.
public protocol SecretSealing: Sendable {
  /// Ciphertext as text. `context` binds it to its place (tenant, kind, field).
  func seal(_ plain: String, context: String) throws -> String
  func open(_ sealed: String, context: String) throws -> String
  /// Hex SHA-256, for secrets that are only compared.
  func hash(_ plain: String) -> String
  /// scrypt, on threads of its own.
  func hashPassword(_ plain: String) async throws -> String
  func verifyPassword(_ plain: String, hash: String) async throws -> Bool
  func randomToken(prefix: String, length: Int) -> String
}
