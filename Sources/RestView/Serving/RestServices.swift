// Everything that routes are served with: the store, the engine, identity, secrets, time, chance.
import Core
import Identity
import Kinds
import Ports
import Reconciling

/// Handed to every request. Holds no state of a request.
struct RestServices: Sendable {
  let catalog: KindCatalog
  let store: any StorePort
  let writer: any WritePort
  let auth: any Authenticating
  let sealing: any SecretSealing
  let clock: any Clock
  let random: any RandomSource
  let cursors: CursorCodec
  let services: [String: any ServicePort]
  /// Nil where the store has no SQL.
  let sql: (any SQLPort)?
  let handlers: [String: any OperationHandler]
  let limiter: SharedRateLimiter
  let memo: PermissionMemo
  let positions: FeedPositions
  let cache: ViewCache
  let documents: OpenAPIDocuments
  let version: String
  let region: String
  let started: Timestamp
}
