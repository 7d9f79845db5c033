// Sessions, one-time tokens, lock-out and shared rate limits, over a store that several replicas share.
import Core
import Crypto
import XCTest

@testable import Identity

final class SessionTests: XCTestCase {
  func testARefreshTokenIsGoodOnceAndAReplayEndsTheChain() async throws {
    let world = try IdentityWorld()
    let session = try await world.open()
    let first = try await world.issuer.refresh(try await world.issuer.pair(session, account: world.account).refresh)
    guard case .renewed(let next) = try await world.sessions.renew(first) else { return XCTFail("not renewed") }
    let second = try await world.issuer.refresh(try await world.issuer.pair(next, account: world.account).refresh)
    guard case .replayed = try await world.sessions.renew(first) else { return XCTFail("a replay was not seen") }
    guard case .gone = try await world.sessions.renew(second) else { return XCTFail("the chain lives on") }
    let left = try await world.sessions.list(world.account)
    XCTAssertTrue(left.isEmpty)
  }

  func testOfManyUsesOfOneTokenOneSucceeds() async throws {
    let world = try IdentityWorld()
    let session = try await world.open()
    let token = SessionToken(
      account: world.account, session: session.id, sequence: 1, realm: "staff", expires: session.expires)
    let renewed = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<10 {
        group.addTask { if case .renewed = try await world.sessions.renew(token) { true } else { false } }
      }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    XCTAssertEqual(renewed, 1)
  }

  func testSessionsAreListedEndedAndBounded() async throws {
    let world = try IdentityWorld()
    let first = try await world.open()
    for _ in 0..<SessionStore.limit {
      world.clock.advance(.seconds(1))
      _ = try await world.open()
    }
    var all = try await world.sessions.list(world.account)
    XCTAssertEqual(all.count, SessionStore.limit)
    XCTAssertFalse(all.contains { $0.id == first.id }, "the oldest goes")
    let ended = try await world.sessions.end(all[0].id, of: world.account)
    XCTAssertTrue(ended)
    let again = try await world.sessions.end(all[0].id, of: world.account)
    XCTAssertFalse(again)
    let count = try await world.sessions.endAll(of: world.account, except: all[1].id)
    XCTAssertEqual(count, SessionStore.limit - 2)
    all = try await world.sessions.list(world.account)
    XCTAssertEqual(all.count, 1)
    world.clock.advance(TokenIssuer.refreshLife)
    all = try await world.sessions.list(world.account)
    XCTAssertTrue(all.isEmpty)
  }

  func testATokenIsTakenOnceForItsPurposeAndInTime() async throws {
    let world = try IdentityWorld()
    let token = try await world.tokens.make(.verifyEmail, ["account": "a"])
    let foreign = try await world.tokens.take(.resetPassword, token)
    XCTAssertNil(foreign, "another purpose")
    let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 { group.addTask { try await world.tokens.take(.verifyEmail, token) != nil } }
      return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    XCTAssertEqual(taken, 1)
    let late = try await world.tokens.make(.verifyEmail, 1)
    world.clock.advance(OneTimeTokens.Purpose.verifyEmail.life)
    let nothing = try await world.tokens.take(.verifyEmail, late)
    XCTAssertNil(nothing)
  }

  func testACodeIsVoidAfterWrongGuessesAndAfterUse() async throws {
    let world = try IdentityWorld()
    let purpose = OneTimeTokens.Purpose.secondFactor
    var code = try await world.tokens.makeCode(purpose, subject: "a", payload: 7)
    XCTAssertEqual(code.count, OneTimeTokens.codeLength)
    let other = try await world.tokens.takeCode(purpose, subject: "b", code: code)
    XCTAssertNil(other, "another person's code")
    let right = try await world.tokens.takeCode(purpose, subject: "a", code: code)
    XCTAssertEqual(right, 7)
    let replay = try await world.tokens.takeCode(purpose, subject: "a", code: code)
    XCTAssertNil(replay)
    code = try await world.tokens.makeCode(purpose, subject: "a")
    let wrong = code == "000000" ? "111111" : "000000"
    for _ in 0..<OneTimeTokens.guesses {
      let guess = try await world.tokens.takeCode(purpose, subject: "a", code: wrong)
      XCTAssertNil(guess)
    }
    let tooLate = try await world.tokens.takeCode(purpose, subject: "a", code: code)
    XCTAssertNil(tooLate, "the code survived its guesses")
  }

  func testFiveFailuresLockForAQuarterOfAnHour() async throws {
    let world = try IdentityWorld()
    let gate = LoginGuard(store: world.store, clock: world.clock)
    for n in 1...LoginGuard.failures {
      await passes("locked after \(n - 1)") { try await gate.check("a@example.com") }
      let locks = try await gate.failed("a@example.com")
      XCTAssertEqual(locks, n == LoginGuard.failures)
    }
    do {
      try await gate.check("a@example.com")
      XCTFail("not locked")
    } catch let problem as Problem {
      XCTAssertEqual(problem.category, .limited)
      XCTAssertEqual(problem.details["retryAfter"], 900)
    }
    await passes("somebody else is locked too") { try await gate.check("b@example.com") }
    world.clock.advance(LoginGuard.lockTime)
    await passes("") { try await gate.check("a@example.com") }
    // The count begins anew, and a success ends it.
    for _ in 1..<LoginGuard.failures { try await gate.failed("a@example.com") }
    try await gate.succeeded("a@example.com")
    for _ in 1..<LoginGuard.failures { try await gate.failed("a@example.com") }
    await passes("") { try await gate.check("a@example.com") }
  }

  func testALimitHoldsOverReplicasAndCostsLittle() async throws {
    let world = try IdentityWorld()
    let replicas = (0..<3).map { _ in SharedRateLimiter(store: world.store, clock: world.clock) }
    let before = world.store.statementCount
    var passed = 0
    var waits: [Int] = []
    for n in 0..<3000 {
      let answer = await replicas[n % 3].take("key", count: 1000, window: .seconds(60))
      if let answer { waits.append(answer) } else { passed += 1 }
    }
    XCTAssertEqual(passed, 1000)
    XCTAssertTrue(waits.allSatisfy { $0 == 60 }, "the window began just now")
    XCTAssertLessThan(world.store.statementCount - before, 100, "3000 requests cost too many statements")
    let other = await replicas[0].take("other", count: 1, window: .seconds(60))
    XCTAssertNil(other)
    let second = await replicas[1].take("other", count: 1, window: .seconds(60))
    XCTAssertNotNil(second, "a limit of one holds over replicas")
    world.clock.advance(.seconds(60))
    let fresh = await replicas[2].take("key", count: 1000, window: .seconds(60))
    XCTAssertNil(fresh)
  }

  func testWeakPasswordsAreToldEverythingAtOnce() {
    let policy = PasswordPolicy.standard
    XCTAssertTrue(policy.faults("secureP@ss1").isEmpty)
    XCTAssertTrue(policy.faults("Grüße-aus-7-Orten").isEmpty)
    for weak in ["", "short", "alllowercase1!", "ALLUPPERCASE1!", "NoDigitsHere!", "NoSymbols11", "P@ssw0rd", "Sh0rt!"] {
      XCTAssertEqual(policy.faults(weak).first?.code, "weak_password", weak)
    }
    XCTAssertEqual(policy.faults("abc").first?.message.contains("capital letter, a digit and a character"), true)
    XCTAssertFalse(policy.faults("Jane.Doe1@example.com", personal: ["jane.doe1@example.com"]).isEmpty)
    XCTAssertFalse(policy.faults("aA1!" + String(repeating: "x", count: 2000)).isEmpty)
  }
}
