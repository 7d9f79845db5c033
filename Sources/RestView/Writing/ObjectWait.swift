// `wait`: holds the answer back until an object says what is waited for, at most as long as the route allows.
import Core
import Expressions
import Kinds
import Ports

struct ObjectWait {
  /// Between looks at the store: short at first, since most waits are short.
  private static let firstPause: Duration = .milliseconds(20)
  private static let longestPause: Duration = .milliseconds(250)
  /// No route holds a connection longer than this, whatever its spec says.
  private static let most: Duration = .seconds(120)

  let context: RequestContext
  let wait: RouteSpec.Wait

  /// The object when `until` was true of it, or as it was at the end of the time.
  func until(_ object: StoredObject, kind: KindSpec) async throws -> StoredObject {
    var object = object
    if let when = wait.when, !(try await holds(when, object, kind)) { return object }
    let deadline = context.services.clock.now() + min(wait.most, Self.most)
    var pause = Self.firstPause
    while true {
      if try await holds(wait.until, object, kind) { return object }
      let left = deadline - context.services.clock.now()
      if left <= .zero || Task.isCancelled { return object }
      await context.services.clock.sleep(min(pause, left))
      pause = min(pause * 2, Self.longestPause)
      guard let now = try await context.services.store.objects(tenant: object.tenant, uids: [object.uid]).first else {
        return object
      }
      object = now
    }
  }

  private func holds(_ program: CELProgram, _ object: StoredObject, _ kind: KindSpec) async throws -> Bool {
    let needs = NeedsBuilder(ids: context.ids).needs(of: [program], kind: kind)
    let page = try await context.prefetch().load([object], kind: kind, needs: needs)
    let value = ObjectValue(object, kind: kind, needs: needs, page: page, ids: context.ids)
    return (try? program.evaluate(RouteScope(context.names, object: value)).get())?.truth == true
  }
}
