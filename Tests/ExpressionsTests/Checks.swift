// How the tests of this module say what an expression gives: as another expression, or as a part of a message.
import Core
import Expressions
import XCTest

/// Evaluates with all functions; a fault of the text is a failure too.
func evaluated(_ source: String, _ scope: any CELScope = CELRecord(), lenient: Bool = false, limit: Int = 100_000) -> Result<
  CELValue, CELFailure
> {
  do {
    return try CELProgram(source, functions: .platform, lenient: lenient).evaluate(scope, limit: limit)
  } catch {
    return .failure(CELFailure("\(error)"))
  }
}

/// Each expression gives the same type and value as the one next to it.
func expect(
  _ cases: [(String, String)], _ scope: any CELScope = CELRecord(), lenient: Bool = false, file: StaticString = #filePath,
  line: UInt = #line
) {
  for (source, wanted) in cases {
    switch (evaluated(source, scope, lenient: lenient), evaluated(wanted)) {
    case (.success(let a), .success(let b)):
      XCTAssertTrue(a == b && a.typeName == b.typeName, "\(source) gave \(a), not \(b)", file: file, line: line)
    case (.failure(let failure), _): XCTFail("\(source) failed: \(failure)", file: file, line: line)
    case (_, .failure(let failure)): XCTFail("\(wanted) failed: \(failure)", file: file, line: line)
    }
  }
}

/// Each expression compiles, and fails at its run with a message that has the text next to it.
func expectFailure(
  _ cases: [(String, String)], _ scope: any CELScope = CELRecord(), file: StaticString = #filePath, line: UInt = #line
) {
  for (source, part) in cases {
    guard let program = try? CELProgram(source, functions: .platform) else {
      XCTFail("\(source) does not compile", file: file, line: line)
      continue
    }
    switch program.evaluate(scope) {
    case .success(let value): XCTFail("\(source) gave \(value)", file: file, line: line)
    case .failure(let failure):
      XCTAssertTrue(failure.message.contains(part), "\(source) failed with: \(failure.message)", file: file, line: line)
    }
  }
}

/// Each expression is refused with exactly these faults.
func expectFaults(_ cases: [(String, [String])], file: StaticString = #filePath, line: UInt = #line) {
  for (source, wanted) in cases {
    do {
      _ = try CELProgram(source, functions: .platform)
      XCTFail("\(source) was accepted", file: file, line: line)
    } catch let error as CELError {
      let found = error.faults.map(\.description)
      XCTAssertEqual(found.count, wanted.count, "\(source): \(found)", file: file, line: line)
      for (a, b) in zip(found, wanted) { XCTAssertTrue(a.contains(b), "\(source): \(a), wanted \(b)", file: file, line: line) }
    } catch {
      XCTFail("\(error)", file: file, line: line)
    }
  }
}
