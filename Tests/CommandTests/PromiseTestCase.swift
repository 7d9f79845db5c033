// What the tests of the promises share: manifests, runs of plumb, tokens, moments.
import Core
import Foundation
import TestSupport
import XCTest

@testable import PlumbCommand

class PromiseTestCase: LiveTestCase {
  func project(_ name: String, _ metadata: String = "", title: String? = nil) -> String {
    "apiVersion: deploy/v1\nkind: Project\nmetadata: {name: \(name)\(metadata)}\n"
      + (title.map { "spec: {title: \($0)}\n" } ?? "")
  }

  func apply(_ input: String, _ set: String, _ more: String...) throws -> Run {
    try plumb(["apply", "-f", "-", "--set", set] + more, input: input)
  }

  func plumb(_ words: [String], input: String? = nil) throws -> Run { try start(words, input: input).finish() }

  func json(_ run: Run) throws -> Value {
    XCTAssertEqual(run.code == 0 || run.code == 2, true, run.error)
    return try JSON.parse(run.out)
  }

  func token(_ run: Run) -> String {
    run.error.components(separatedBy: "--confirm ").dropFirst().first?.split(separator: " ").first.map(String.init) ?? ""
  }

  func now() throws -> String {
    // The server's own time, between two changes.
    Thread.sleep(forTimeInterval: 0.02)
    defer { Thread.sleep(forTimeInterval: 0.02) }
    return SystemClock().now().description
  }
}
