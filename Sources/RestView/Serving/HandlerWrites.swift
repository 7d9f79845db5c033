// The writes of one call of a handler: the engine's path, in the caller's name, with the route's audit entry in the first of them.
import Core
import Foundation
import Planning
import Ports
import Reconciling

final class HandlerWrites: OperationWriting, @unchecked Sendable {
  /// Intents that one write may hold.
  static let limit = 5000

  private let context: RequestContext
  private let audit: [Intent]
  private let lock = NSLock()
  private var positions: [UID: Int] = [:]
  private var audited: Bool

  init(context: RequestContext, audit: [Intent]) {
    self.context = context
    self.audit = audit
    audited = audit.isEmpty
  }

  /// How far the feed of the call's tenant was after its writes.
  var position: Int? { lock.withLock { positions[context.tenant] } }
  /// The audit entry is written, or there is none.
  var isAudited: Bool { lock.withLock { audited } }

  func write(_ intents: [Intent], attaching: Attachments, guards: WriteGuard?) async throws -> OperationOutcome {
    guard intents.count <= Self.limit else {
      throw Problem(.tooLarge, code: ProblemCode.tooLarge, "This would change more than \(Self.limit) objects.")
    }
    let further = isAudited ? [] : audit
    do {
      let outcome = try await context.services.writer.write(
        intents + further, origin: context.origin, options: WriteOptions(), attaching: attaching, guards: guards)
      context.services.positions.note(outcome.positions)
      lock.withLock {
        positions.merge(outcome.positions) { max($0, $1) }
        audited = true
      }
      return OperationOutcome(objects: intents.indices.map { outcome.object($0) }, minted: outcome.plan.minted)
    } catch let problems as Problems {
      throw ProblemTranslation(context.route).translated(problems)
    } catch let problem as Problem {
      throw Problems(ProblemTranslation(context.route).translated(problem))
    }
  }

  func append(_ records: [RecordRow]) async throws { try await context.services.store.append(records: records) }

  func putValue(tenant: UID, key: String, _ value: Value?, expecting: Value??, expires: Timestamp?) async throws -> Bool {
    try await context.services.store.putValue(tenant: tenant, key: key, value, expecting: expecting, expires: expires)
  }
}
