// The events of a kind that tell of what was observed: a run that ended, a station whose day is unusual. Pure.
import Core
import Expressions
import Kinds
import Ports

public enum ObservedEvents {
  /// Names of those that hold between an object as it was observed before, and with `status` now.
  public static func names(_ kind: KindSpec, _ object: StoredObject, status: Value, catalog: KindCatalog, now: Timestamp)
    -> [String]
  {
    let events = kind.events.filter(\.observed)
    if events.isEmpty { return [] }
    var current = object
    current.status = status
    current.observedGeneration = object.generation
    let scope = EventScope(
      current: ObjectView(object: current, kind: kind, lookup: nil, catalog: catalog),
      old: ObjectView(object: object, kind: kind, lookup: nil, catalog: catalog), now: now)
    return events.compactMap { event in
      if case .success(.bool(true)) = event.when.evaluate(scope) { return event.name }
      return nil
    }
  }
}
