// What has been read of the store for one plan, and what still must be read. The planner asks; someone else fetches.
import Core
import Kinds
import Ports

/// A fact that the planner needs before it can decide.
public enum Fact: Hashable, Sendable {
  case key(ObjectKey)
  case uid(tenant: UID, UID)
  case holder(tenant: UID, kind: String, UniqueKey)
  case referrers(tenant: UID, UID)
  /// Live objects of the kind for which the predicate holds, for `let`.
  case find(tenant: UID, kind: String, Predicate)
  /// Live objects of the kind in the tenant.
  case count(tenant: UID, kind: String)
  /// The limits that the tenant's subscription sets.
  case limits(tenant: UID)
  /// What the tenant's plan grants, and which plans sell what.
  case grants(tenant: UID)
  /// The tenant's policies.
  case policies(tenant: UID)
  /// This many numbers of a sequence.
  case sequence(tenant: UID, name: String, count: Int)
}

/// What a tenant may have at most, and by which plan.
public struct TenantLimits: Sendable, Hashable {
  public var plan: String
  /// Kind → number of objects.
  public var most: [String: Int]
  public init(plan: String, most: [String: Int]) {
    self.plan = plan
    self.most = most
  }
}

/// Named features of plans: what this tenant's plan grants of them, and which plans have them.
public struct TenantGrants: Sendable, Hashable {
  /// Title of the tenant's plan; nil without one.
  public var plan: String?
  /// Key → true, false or a number.
  public var granted: [String: Value]
  /// Key → titles of the plans that grant something of it. A key that no plan names is not there.
  public var sold: [String: [String]]
  /// What the plans say a key means.
  public var words: [String: String]
  public init(plan: String?, granted: [String: Value], sold: [String: [String]], words: [String: String] = [:]) {
    self.plan = plan
    self.granted = granted
    self.sold = sold
    self.words = words
  }

  /// Nil when it is granted, or sold by nobody. `least`: the number that is needed; nil for a feature.
  public func problem(_ key: String, least: Double?) -> Problem? {
    guard let plans = sold[key] else { return nil }
    let has = granted[key] ?? .null
    let named = words[key].map { "\(key) (\($0))" } ?? key
    let message: String
    if let least {
      let most = has.double ?? (has == true ? .infinity : 0)
      if least <= most { return nil }
      let (asked, given) = (Value.double(least).short, Value.double(most).short)
      message =
        plan.map { "Plan \($0) grants \(given) of the entitlement \(named); this needs \(asked)." }
        ?? "Without a plan the tenant has nothing of the entitlement \(named); this needs \(asked)."
    } else {
      if has == true || (has.double ?? 0) > 0 { return nil }
      message =
        plan.map { "Plan \($0) does not include the entitlement \(named)." }
        ?? "The tenant has no plan that includes the entitlement \(named)."
    }
    let others = plans.filter { $0 != plan }
    return Problem(
      .refused, code: "entitlement_missing", message,
      fix: others.isEmpty
        ? "Ask the operator for a plan with it." : "Choose a plan with more of it: \(others.joined(separator: ", ")).",
      details: ["plan": Value(plan), "entitlement": .string(key)])
  }
}

extension Value {
  /// `5` rather than `5.0`.
  fileprivate var short: String {
    guard let double else { return "" }
    return Int(exactly: double).map(String.init) ?? "\(double)"
  }
}

/// Facts read so far. A fact that is absent from a dictionary has not been read; one that is nil is known not to exist.
public struct Snapshot: Sendable {
  public var byKey: [ObjectKey: StoredObject?] = [:]
  public var byUID: [UID: StoredObject?] = [:]
  public var holders: [Fact: UID?] = [:]
  public var referrers: [UID: [(field: String, object: StoredObject)]] = [:]
  public var found: [Fact: [StoredObject]] = [:]
  public var counts: [Fact: Int] = [:]
  public var limits: [UID: TenantLimits?] = [:]
  public var grants: [UID: TenantGrants] = [:]
  public var policies: [UID: [StoredObject]] = [:]
  public var sequences: [Fact: Range<Int>] = [:]

  public init() {}

  public mutating func add(_ object: StoredObject) {
    byKey[ObjectKey(tenant: object.tenant, kind: object.kind, name: object.name)] = object
    byUID[object.uid] = object
  }
}
