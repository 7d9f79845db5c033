// The services that steps name, by name.
import Core
import Kinds
import Ports

public struct Services: Sendable {
  private let byName: [String: any ServicePort]
  public init(_ services: [any ServicePort]) {
    byName = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
  public subscript(name: String) -> (any ServicePort)? { byName[name] }
  public var all: [any ServicePort] { byName.keys.sorted().compactMap { byName[$0] } }
}
