// Small rooms: each file says its purpose, stays readable, and hides no unfinished work.
import XCTest

final class FileTests: XCTestCase {
  static let longest = 400
  static let widest = 160

  func testEachFileSaysItsPurposeFirst() throws {
    let faults = try Checkout.files(in: Checkout.swiftFolders, endings: [".swift"]).filter {
      let first = try Checkout.lines($0).first ?? ""
      return !first.hasPrefix("// ") || first.count < 15
    }
    XCTAssert(faults.isEmpty, "no purpose in the first line:\n" + faults.joined(separator: "\n"))
  }

  func testFilesAreRooms() throws {
    let faults = try Checkout.files(in: Checkout.swiftFolders, endings: [".swift"]).compactMap { path -> String? in
      let count = try Checkout.lines(path).count
      return count > Self.longest ? "\(path): \(count) lines" : nil
    }
    XCTAssert(faults.isEmpty, "longer than \(Self.longest) lines:\n" + faults.joined(separator: "\n"))
  }

  func testNothingIsUnfinished() throws {
    let banned = [
      "TO" + "DO", "FIX" + "ME", " XX" + "X ", "fatal" + "Error()", "not impl" + "emented", ".dis" + "abled(", "XCT" + "Skip(",
      "withKnown" + "Issue",
    ]
    var faults: [String] = []
    for path in Checkout.files(
      in: Checkout.swiftFolders + ["specs", "examples", "scripts"], endings: [".swift", ".yaml", ".sh"])
    {
      for (number, line) in try Checkout.lines(path).enumerated() {
        for word in banned where line.contains(word) { faults.append("\(path):\(number + 1): \(word)") }
      }
    }
    XCTAssert(faults.isEmpty, faults.joined(separator: "\n"))
  }

  func testNoTwoFilesOfOneNameInAModule() throws {
    var seen: [String: String] = [:]
    var faults: [String] = []
    for path in Checkout.files(in: Checkout.swiftFolders, endings: [".swift"]) {
      let parts = path.components(separatedBy: "/")
      let key = (path.hasPrefix("controllers/") ? "controllers" : parts[0] + parts[1]) + parts[parts.count - 1]
      if let other = seen.updateValue(path, forKey: key) { faults.append("\(other) and \(path)") }
    }
    XCTAssert(faults.isEmpty, faults.joined(separator: "\n"))
  }
}
