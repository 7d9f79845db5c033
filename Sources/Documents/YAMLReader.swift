// YAML files to trees with places: each document is parsed by itself, so that each reports its own faults.
import Core

public enum YAMLReader {
  /// The documents of a YAML file and every fault found in them. Documents that hold nothing are left out; one with a fault
  /// has no node. Problems have the code `yaml` (`too_large` for a file over the limit) and a place.
  public static func documents(
    _ bytes: [UInt8], file: String, limits: DocumentLimits = .standard
  ) -> (documents: [DocumentText], problems: [Problem]) {
    if let problem = TextCheck.problem(bytes, file: file, limits: limits) { return ([], [problem]) }
    var faults = FaultList(file: file, limit: limits.problems)
    var documents: [DocumentText] = []
    var nodes = 0
    bytes.withUnsafeBufferPointer { buffer in
      for raw in DocumentSplitter.split(buffer) {
        let parser = YAMLParser(
          UnsafeBufferPointer(rebasing: buffer[raw.range]), line: raw.firstLine, nodes: nodes, limits: limits)
        let outcome = parser.document()
        nodes = parser.nodes
        faults.add(outcome.faults)
        if case .empty = outcome { continue }
        documents.append(DocumentText(node: outcome.node, firstLine: raw.firstLine, range: raw.range))
        if nodes > limits.nodes { break }
      }
    }
    return (documents, faults.problems)
  }

  /// Parses one document that `DocumentSplitter` found in `bytes`, which must be valid UTF-8. The node is nil when the
  /// document is empty or has a fault.
  public static func document(
    _ raw: RawDocument, of bytes: [UInt8], file: String, limits: DocumentLimits = .standard
  ) -> (node: Node?, problems: [Problem]) {
    var faults = FaultList(file: file, limit: limits.problems)
    let outcome = bytes.withUnsafeBufferPointer { buffer in
      YAMLParser(UnsafeBufferPointer(rebasing: buffer[raw.range]), line: raw.firstLine, nodes: 0, limits: limits).document()
    }
    faults.add(outcome.faults)
    return (outcome.node, faults.problems)
  }
}

/// Something wrong at a line and column, in a file still to be named.
struct DocumentFault: Error {
  var message: String
  var line: Int
  var column: Int
  var fix: String?
}

/// Collects the faults of one file up to a limit.
struct FaultList {
  let file: String
  let limit: Int
  private(set) var problems: [Problem] = []
  private var all = 0

  init(file: String, limit: Int) {
    self.file = file
    self.limit = limit
  }

  mutating func add(_ faults: [DocumentFault]) {
    for fault in faults {
      all += 1
      let place = Place(file: file, line: fault.line, column: fault.column)
      if all <= limit {
        problems.append(Problem(.invalid, code: "yaml", fault.message, place: place, fix: fault.fix))
      } else if all == limit + 1 {
        problems.append(Problem(.invalid, code: "yaml", "there are more faults; only the first \(limit) are shown", place: place))
      }
    }
  }
}
