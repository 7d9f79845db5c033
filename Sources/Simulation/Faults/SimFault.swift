// A simulated failure.

/// What a simulated call failed with. The engine must treat it as any other failure.
public struct SimFault: Error, Sendable, CustomStringConvertible {
  public var description: String
}
