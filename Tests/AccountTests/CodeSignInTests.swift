// Signing in with what is sent: links and codes by mail, codes as text messages. Each works once, and tells nobody who has an account.
import Core
import Foundation
import TestSupport
import XCTest

final class CodeSignInTests: XCTestCase {
  private func person(_ trial: Trial) throws -> (email: String, access: String) {
    let email = "code-\(trial.mark())@example.com"
    let made = try trial.call(
      "POST", "/trial/staff/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "Code"], 200)
    _ = try trial.mailed(email)
    return (email, try XCTUnwrap(made["accessToken"].string))
  }

  func testALinkSignsInOnceAndConfirmsTheAddress() throws {
    let trial = try Trial.shared.get()
    let (email, access) = try person(trial)
    let there = try trial.call("POST", "/trial/staff/magic-link", ["email": .string(email)], 200)
    let nobody = try trial.call("POST", "/trial/staff/magic-link", ["email": "nobody@example.com"], 200)
    XCTAssertEqual(there, nobody)
    let token = try trial.mailed(email, count: 2)
    // A link of one realm opens nothing in another.
    let session = try trial.call("POST", "/trial/staff/magic-link/use", ["token": .string(token)], 200)
    XCTAssertEqual(session["user"]["emailVerified"], true)
    try trial.call("POST", "/trial/staff/magic-link/use", ["token": .string(token)], 400)
    try trial.call("POST", "/trial/staff/magic-link/use", ["token": "unknown"], 400)
    // Whoever registered the address before anybody had shown that it is his is out.
    try trial.call("GET", "/trial/staff/me", token: access, 401)
    try trial.call("POST", "/trial/staff/login", ["email": .string(email), "password": "secureP@ss1"], 401)
  }

  func testACodeByMailIsGoodOnceAndVoidAfterFiveGuesses() throws {
    let trial = try Trial.shared.get()
    let (email, _) = try person(trial)
    func send() throws { try trial.call("POST", "/trial/staff/code", ["email": .string(email)], 200) }
    func give(_ code: String, _ status: Int) throws -> Value {
      try trial.call("POST", "/trial/staff/code/verify", ["email": .string(email), "code": .string(code)], status)
    }
    try send()
    let first = try trial.mailed(email, count: 2, "^([0-9]{6}) ")
    let wrong = first == "123456" ? "654321" : "123456"
    _ = try give(wrong, 401)
    XCTAssertNotNil(try give(first, 200)["accessToken"].string)
    _ = try give(first, 401)
    try send()
    let second = try trial.mailed(email, count: 3, "^([0-9]{6}) ")
    for _ in 0..<5 { _ = try give(second == wrong ? "111111" : wrong, 401) }
    _ = try give(second, 401)
    // Nobody's address answers alike.
    let unknown = try trial.call("POST", "/trial/staff/code", ["email": "nobody@example.com"], 200)
    XCTAssertEqual(unknown, ["done": true])
    let refused = try trial.call("POST", "/trial/staff/code/verify", ["email": "nobody@example.com", "code": "123456"], 401)
    XCTAssertEqual(refused["error"], try give(wrong, 401)["error"])
    try trial.call("POST", "/trial/staff/code", [:], 400)
    try trial.call("POST", "/trial/staff/code", ["email": .string(email), "phone": "+491701234567"], 400)
  }

  func testATelephoneIsConfirmedAndSignsIn() throws {
    let trial = try Trial.shared.get()
    let (email, access) = try person(trial)
    let number = "+4917\(Int.random(in: 10_000_000...99_999_999))"
    try trial.call("POST", "/trial/staff/me/phone", ["phone": "017012345"], token: access, 400)
    // A gateway that took the message, but said otherwise, is asked again under the same key: one message.
    trial.texts.fail(next: 1)
    try trial.call("POST", "/trial/staff/me/phone", ["phone": .string(number)], token: access, 200)
    let code = try trial.texted(number)
    try trial.call("POST", "/trial/staff/me/phone/confirm", ["phone": .string(number), "code": "000000"], token: access, 400)
    let set = try trial.call(
      "POST", "/trial/staff/me/phone/confirm", ["phone": .string(number), "code": .string(code)], token: access, 200)
    XCTAssertEqual(set["phone"].string, number)
    try trial.call("POST", "/trial/staff/code", ["phone": .string("  \(number.prefix(5)) \(number.dropFirst(5))")], 200)
    let second = try trial.texted(number, count: 2)
    let body: Value = ["phone": .string(number), "code": .string(second)]
    XCTAssertEqual(try trial.call("POST", "/trial/staff/code/verify", body, 200)["user"]["email"].string, email)
    try trial.call("POST", "/trial/staff/code/verify", body, 401)
    // The number of one person cannot become another's.
    let (_, other) = try person(trial)
    try trial.call("POST", "/trial/staff/me/phone", ["phone": .string(number)], token: other, 200)
    let third = try trial.texted(number, count: 3)
    try trial.call(
      "POST", "/trial/staff/me/phone/confirm", ["phone": .string(number), "code": .string(third)], token: other, 409)
  }
}
