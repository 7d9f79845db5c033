// A store in memory, a clock that stands until it is moved, and the pieces of the identity module upon them.
import Core
import Crypto
import Foundation
import Kinds
import Ports
import TestSupport
import XCTest

@testable import Identity

final class StillClock: Clock, @unchecked Sendable {
  private let lock = NSLock()
  private var time: Timestamp
  init(_ text: String = "2026-03-01T12:00:00Z") { time = Timestamp(text) ?? Timestamp(microseconds: 0) }
  func now() -> Timestamp { lock.withLock { time } }
  func sleep(_ duration: Duration) async {}
  func advance(_ duration: Duration) { lock.withLock { time = time + duration } }
}

struct IdentityWorld {
  let clock = StillClock()
  let store: MemoryStore
  let vault: Vault
  let ring: KeyRing
  let issuer: TokenIssuer
  let sessions: SessionStore
  let tokens: OneTimeTokens
  let account = UID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0042)

  init() throws {
    store = MemoryStore(catalog: KindCatalog(kinds: [], families: [], routes: [], views: [:], digest: ""), clock: clock)
    vault = try Vault(key: [UInt8](repeating: 9, count: 32))
    ring = KeyRing(store: store, sealing: vault, clock: clock)
    issuer = TokenIssuer(ring: ring, issuer: "plumb:test", clock: clock)
    sessions = SessionStore(store: store, clock: clock, random: SeededRandom(seed: 1))
    tokens = OneTimeTokens(store: store, clock: clock)
  }

  func open() async throws -> Session {
    try await sessions.open(account, realm: "staff", agent: "test", address: "192.0.2.1", method: "password")
  }
}

/// The code of the Problem that `body` throws; nil when it throws none.
func code(_ body: () async throws -> Void) async -> String? {
  do { try await body() } catch { return (error as? Problem)?.code ?? "\(error)" }
  return nil
}

/// Fails unless `body` throws nothing.
func passes(_ message: String, file: StaticString = #filePath, line: UInt = #line, _ body: () async throws -> Void) async {
  let found = await code(body)
  XCTAssertNil(found, message, file: file, line: line)
}
