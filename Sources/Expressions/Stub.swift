// Stands in until the CEL module lands: delete this file then.
import Core
public struct CELProgram: Sendable { public let source: String }
