// The services that steps name, by name.
import Core
import Kinds
import Ports

public struct Services: Sendable {
  private let byName: [String: any ServicePort]
  private let fallback: (@Sendable (String) -> any ServicePort)?

  /// - Parameter fallback: gives a service that is not among them; without it, there is none.
  public init(_ services: [any ServicePort], fallback: (@Sendable (String) -> any ServicePort)? = nil) {
    self.fallback = fallback
    byName = Dictionary(services.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }
  public subscript(name: String) -> (any ServicePort)? { byName[name] ?? fallback?(name) }
  public var all: [any ServicePort] { byName.keys.sorted().compactMap { byName[$0] } }
}
