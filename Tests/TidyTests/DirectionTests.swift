// Modules import only what Package.swift lets them: incremental builds would not notice.
import XCTest

final class DirectionTests: XCTestCase {
  /// Module name → modules it may import, read from the `module(…)` and `tests(…)` lines of Package.swift.
  private func allowed() throws -> [String: Set<String>] {
    let text = try Checkout.text("Package.swift")
    var allowed: [String: Set<String>] = [:]
    let pattern = try NSRegularExpression(pattern: #"(?:module|tests)\(\s*"(\w+)"(?:,\s*\[([^\]]*)\])?"#)
    let range = NSRange(text.startIndex..., in: text)
    for match in pattern.matches(in: text, range: range) {
      guard let name = Range(match.range(at: 1), in: text) else { continue }
      let list = Range(match.range(at: 2), in: text).map { String(text[$0]) } ?? ""
      allowed[String(text[name])] = Set(list.components(separatedBy: CharacterSet(charactersIn: "\", \n")).filter { !$0.isEmpty })
    }
    allowed["Plumb"] = ["PlumbCommand"]
    return allowed
  }

  /// Modules of the system that anyone may import; XCTest only in tests.
  private let system: Set<String> = ["Foundation", "Glibc", "Dispatch", "Synchronization", "FoundationNetworking", "XCTest"]
  private let shims: Set<String> = ["CLibYAML", "CLibPQ", "COpenSSL", "CLinux"]
  /// The only modules that may touch the outside.
  private let adapters: Set<String> = [
    "Documents", "PostgresStore", "HTTPServer", "Crypto", "OutgoingHTTP", "Mail", "NameResolution", "ProcessRuntime",
    "GitRepositories",
  ]

  func testImportsFollowThePackage() throws {
    let allowed = try allowed()
    var faults: [String] = []
    for path in Checkout.files(in: Checkout.swiftFolders, endings: [".swift"]) {
      let module = path.hasPrefix("controllers/") ? "Controllers" : path.components(separatedBy: "/")[1]
      guard let may = allowed[module] else {
        faults.append("\(path): no module \(module) in Package.swift")
        continue
      }
      for (number, line) in try Checkout.lines(path).enumerated() {
        let words = line.split(separator: " ").map(String.init)
        guard let at = words.firstIndex(of: "import"), at <= 1, words.count > at + 1,
          line.hasPrefix("import") || line.hasPrefix("@")
        else { continue }
        let name = words[at + 1]
        if name == module || may.contains(name) || system.contains(name) && (name != "XCTest" || path.hasPrefix("Tests/")) {
          continue
        }
        faults.append("\(path):\(number + 1): \(module) may not import \(name)")
      }
    }
    XCTAssert(faults.isEmpty, faults.joined(separator: "\n"))
  }

  func testOnlyAdaptersImportShims() throws {
    for (module, imports) in try allowed() where !adapters.contains(module) {
      XCTAssert(imports.isDisjoint(with: shims), "\(module) is no adapter, and imports \(imports.intersection(shims).sorted())")
    }
  }

  func testPlanningIsPure() throws {
    let banned = [
      "Task.sleep", "DispatchQueue", " Task {", "Task.detached", "Date()", "SystemRandom", "SystemClock", "UUID()", ".random(in",
    ]
    var faults: [String] = []
    for module in ["Planning", "WorkQueue", "Execution", "Reconciling", "ChargingAnalysis"] {
      for path in Checkout.files(in: ["Sources/\(module)"], endings: [".swift"]) {
        for (number, line) in try Checkout.lines(path).enumerated()
        where !line.trimmingCharacters(in: .whitespaces).hasPrefix("//") {
          for word in banned where (" " + line).contains(word) { faults.append("\(path):\(number + 1): \(word)") }
          if module == "Planning" || module == "WorkQueue", line.contains(" async ") || line.contains("await ") {
            faults.append("\(path):\(number + 1): async")
          }
        }
      }
    }
    XCTAssert(faults.isEmpty, "time and chance are handed in:\n" + faults.joined(separator: "\n"))
  }
}
