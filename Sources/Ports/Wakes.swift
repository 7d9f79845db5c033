// Whom a write makes due: the objects that its `wakes` references name.
import Core
import Kinds

public enum Wakes {
  /// Work on the objects that a row or object of `kind` refers to through fields with `wakes`, where something is to be reconciled.
  public static func requests(_ kind: KindSpec, fields: ObjectMap, tenant: UID, catalog: KindCatalog) -> [WorkRequest] {
    kind.fields.filter(\.wakes).compactMap { field in
      guard let reference = field.reference, let target = catalog.kind(reference.kind),
        target.controller != nil || target.storage == .run,
        let uid = fields[field.name]?.string.flatMap({ UID($0) })
      else { return nil }
      let home: UID = target.scope == .platform || target.scope == .shared ? .rootTenant : tenant
      return WorkRequest(tenant: home, uid: uid, kind: target.name)
    }
  }

  /// The same for rows of record kinds.
  public static func requests(_ rows: [RecordRow], catalog: KindCatalog) -> [WorkRequest] {
    rows.flatMap { row in
      catalog.kind(row.kind).map { requests($0, fields: row.fields, tenant: row.tenant, catalog: catalog) } ?? []
    }
  }
}
