// An authenticator app from end to end, through the store: set up, asked for, used once, recovered from, taken away.
import Core
import Crypto
import Foundation
import Identity
import TestSupport
import XCTest

final class SecondFactorTests: XCTestCase {
  private struct Person {
    var email: String
    var access: String
    var app: TimeCode
    var recovery: [String]
  }

  private static let password = "secureP@ss1"

  private func enrolled(_ trial: Trial) throws -> Person {
    let email = "factor-\(trial.mark())@example.com"
    let made = try trial.call(
      "POST", "/trial/staff/register", ["email": .string(email), "password": .string(Self.password), "displayName": "Factor"], 200
    )
    let access = try XCTUnwrap(made["accessToken"].string)
    let setUp = try trial.call("POST", "/trial/staff/me/totp", token: access, 200)
    let seed = try XCTUnwrap(Base32.decode(setUp["secret"].string ?? ""))
    XCTAssertTrue(setUp["address"].string?.hasPrefix("otpauth://totp/Plumb:factor-") == true)
    let app = TimeCode(secret: seed)
    // Before it is confirmed nobody is asked for a code.
    XCTAssertNotNil(try login(trial, email)["accessToken"].string)
    try trial.call("POST", "/trial/staff/me/totp/confirm", ["code": "000000"], token: access, 401)
    let confirmed = try trial.call(
      "POST", "/trial/staff/me/totp/confirm", ["code": .string(code(app, -1))], token: access, 200)
    let recovery = (confirmed["recoveryCodes"].list ?? []).compactMap(\.string)
    XCTAssertEqual(recovery.count, 10)
    return Person(email: email, access: access, app: app, recovery: recovery)
  }

  private func login(_ trial: Trial, _ email: String) throws -> Value {
    try trial.call("POST", "/trial/staff/login", ["email": .string(email), "password": .string(Self.password)], 200)
  }

  /// Codes of neighbouring steps are good too, so that a test needs not wait for the next one.
  private func code(_ app: TimeCode, _ offset: Int) -> String {
    app.code(step: app.step(at: Timestamp(seconds: Date().timeIntervalSince1970)) + offset)
  }

  func testACodeIsAskedForAndGoodOnce() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    let first = try login(trial, person.email)
    XCTAssertNil(first["accessToken"].string, "the password alone signed in")
    XCTAssertEqual(first["factors"], ["totp", "recovery"])
    let challenge = try XCTUnwrap(first["challenge"].string)
    func step(_ challenge: String, _ code: String, _ status: Int) throws -> Value {
      try trial.call("POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": .string(code)], status)
    }
    _ = try step("unknown", code(person.app, 0), 401)
    _ = try step(challenge, "123", 401)
    let present = code(person.app, 0)
    let session = try step(challenge, present, 200)
    try trial.call("GET", "/trial/staff/me", token: session["accessToken"].string, 200)
    _ = try step(challenge, code(person.app, 1), 401)
    let again = try XCTUnwrap(try login(trial, person.email)["challenge"].string)
    _ = try step(again, present, 401)
    let later = try step(again, code(person.app, 1), 200)
    let sessions = try trial.call("GET", "/trial/staff/me/sessions", token: later["accessToken"].string, 200)
    XCTAssertTrue(sessions["sessions"].list?.contains { $0["method"] == "password+totp" && $0["isCurrent"] == true } == true)
    let log = try trial.audited(person.email)
    XCTAssertTrue(log.contains("user.second_factor_added") && log.contains("user.second_factor_failed"), "\(log)")
  }

  func testAFamilyThatAsksForNoSecondStepLetsNobodyPastIt() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    let body: Value = ["email": .string(person.email), "password": .string(Self.password)]
    let refused = try trial.call("POST", "\(Trial.deploy)/auth/login", body, 401)
    XCTAssertTrue(refused["error"].string?.contains("second factor") == true)
  }

  func testRecoveryCodesAreGoodOnceEach() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    func attempt(_ code: String, _ status: Int) throws {
      let challenge = try XCTUnwrap(try login(trial, person.email)["challenge"].string)
      try trial.call("POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": .string(code)], status)
    }
    try attempt(person.recovery[0].lowercased().replacingOccurrences(of: "-", with: " "), 200)
    try attempt(person.recovery[0], 401)
    try attempt(person.recovery[1], 200)
    let left = try trial.call("GET", "/trial/staff/me/factors", token: person.access, 200)
    XCTAssertEqual(left["recoveryCodesLeft"], 8)
    XCTAssertEqual(left["totp"], true)
    // New ones void the old ones; a recovery code is not enough to get them.
    try trial.call("POST", "/trial/staff/me/recovery-codes", ["code": .string(person.recovery[2])], token: person.access, 401)
    let fresh = try trial.call(
      "POST", "/trial/staff/me/recovery-codes", ["code": .string(code(person.app, 0))], token: person.access, 200)
    let log = try trial.audited(person.email)
    XCTAssertTrue(log.contains("user.recovery_codes_replaced"), "\(log)")
    try attempt(person.recovery[3], 401)
    try attempt(fresh["recoveryCodes"].list?.first?.string ?? "", 200)
  }

  func testGuessesAreCountedAndLock() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    let challenge = try XCTUnwrap(try login(trial, person.email)["challenge"].string)
    for _ in 0..<5 {
      try trial.call("POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": "000001"], 401)
    }
    let locked = try trial.send(
      "POST", "/trial/staff/second-factor", ["challenge": .string(challenge), "code": .string(code(person.app, 0))])
    XCTAssertEqual(locked.status, 429)
    XCTAssertNotNil(locked.header("Retry-After").flatMap { Int($0) })
    XCTAssertTrue(try trial.audited(person.email).contains("user.locked"))
  }

  func testOnlyWhoHasTheFactorTakesItAway() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    try trial.call("POST", "/trial/staff/me/totp", token: person.access, 409)
    try trial.call("POST", "/trial/staff/me/totp/remove", ["code": "111111"], token: person.access, 401)
    try trial.call("POST", "/trial/staff/me/totp/remove", ["code": .string(code(person.app, 0))], token: person.access, 200)
    XCTAssertNotNil(try login(trial, person.email)["accessToken"].string)
    try trial.call("POST", "/trial/staff/me/totp/remove", ["code": "111111"], token: person.access, 404)
  }

  func testTwoUsesOfOneCodeAtOnceLetOneIn() throws {
    let trial = try Trial.shared.get()
    let person = try enrolled(trial)
    let challenges = try (0..<6).map { _ in try XCTUnwrap(try login(trial, person.email)["challenge"].string) }
    let present = code(person.app, 0)
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: challenges.count) { n in
      let answer = try? trial.send(
        "POST", "/trial/staff/second-factor", ["challenge": .string(challenges[n]), "code": .string(present)])
      results.add(answer?.status ?? 0)
    }
    XCTAssertEqual(results.all.filter { $0 == 200 }.count, 1, "\(results.all)")
  }
}

final class Results: @unchecked Sendable {
  private let lock = NSLock()
  private var taken: [Int] = []
  func add(_ status: Int) { lock.withLock { taken.append(status) } }
  var all: [Int] { lock.withLock { taken } }
}
