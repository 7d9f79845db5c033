// Password hashes: published vectors, stored form, and the bounded queue.
import Core
import XCTest

@testable import Crypto

final class PasswordTests: XCTestCase {
  private let quick = PasswordHash.Cost(logN: 4, r: 1, p: 1)

  /// RFC 7914, section 12.
  func testScryptVectors() {
    let vectors: [(String, String, PasswordHash.Cost, String)] = [
      (
        "", "", .init(logN: 4, r: 1, p: 1),
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
      ),
      (
        "password", "NaCl", .init(logN: 10, r: 8, p: 16),
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
      ),
      (
        "pleaseletmein", "SodiumChloride", .init(logN: 14, r: 8, p: 1),
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
      ),
    ]
    for (password, salt, cost, hash) in vectors {
      let computed = PasswordHash.scrypt(Array(password.utf8), salt: Array(salt.utf8), cost: cost, length: 64)
      XCTAssertEqual(computed.map { Hex.encode($0) }, hash)
    }
  }

  func testStoredFormRoundTrips() throws {
    let stored = PasswordHash(password: "pässword", cost: quick)
    let read = try XCTUnwrap(PasswordHash(text: stored.text))
    XCTAssertEqual(read, stored)
    XCTAssertTrue(read.verify("pässword"))
    XCTAssertFalse(read.verify("password"))
    XCTAssertFalse(read.verify(""))
    XCTAssertNotEqual(PasswordHash(password: "pässword", cost: quick), stored, "the salt must differ")
    XCTAssertTrue(read.needsUpgrade)
    let current = PasswordHash(password: "x")
    XCTAssertTrue(current.text.hasPrefix("$scrypt$ln=15,r=8,p=1$"))
    XCTAssertFalse(current.needsUpgrade)
  }

  func testRefusesOtherTextAndCostsThatWouldHurt() {
    let salt = Base64.encodeUnpadded([UInt8](repeating: 1, count: 16))
    let hash = Base64.encodeUnpadded([UInt8](repeating: 2, count: 32))
    XCTAssertNotNil(PasswordHash(text: "$scrypt$ln=15,r=8,p=1$\(salt)$\(hash)"))
    for text in [
      "", "plain", "$scrypt$ln=15,r=8,p=1$\(salt)", "$argon2id$ln=15,r=8,p=1$\(salt)$\(hash)",
      "$scrypt$ln=30,r=8,p=1$\(salt)$\(hash)",
      "$scrypt$ln=15,r=99,p=1$\(salt)$\(hash)", "$scrypt$ln=15,r=8,p=50$\(salt)$\(hash)", "$scrypt$ln=-5,r=8,p=1$\(salt)$\(hash)",
      "$scrypt$r=8,ln=15,p=1$\(salt)$\(hash)", "$scrypt$ln=15,r=8,p=1$\(salt)=$\(hash)", "$scrypt$ln=15,r=8,p=1$$\(hash)",
      "$scrypt$ln=15,r=8,p=1$\(salt)$", "$scrypt$ln=15,r=8,p=1$\(salt)$\(hash)$",
    ] { XCTAssertNil(PasswordHash(text: text), text) }
  }

  func testHasherWorksAside() async throws {
    let hasher = PasswordHasher(threads: 2)
    let stored = try await hasher.hash("secret", cost: quick)
    let right = try await hasher.verify("secret", against: stored.text)
    let wrong = try await hasher.verify("Secret", against: stored)
    let garbage = try await hasher.verify("secret", against: "garbage")
    XCTAssertTrue(right)
    XCTAssertFalse(wrong)
    XCTAssertFalse(garbage)
    do {
      _ = try await hasher.hash(String(repeating: "a", count: PasswordHasher.passwordLimit + 1))
      XCTFail("a huge password was hashed")
    } catch let problem as Problem { XCTAssertEqual(problem.category, .invalid) }
  }

  func testFullQueueRefuses() async throws {
    let hasher = PasswordHasher(threads: 1, queueLimit: 2)
    let outcomes = await withTaskGroup(of: String.self) { group in
      for _ in 0..<12 {
        group.addTask {
          do {
            _ = try await hasher.hash("x", cost: .init(logN: 14, r: 8, p: 1))
            return "done"
          } catch { return (error as? Problem)?.category.rawValue ?? "\(error)" }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    XCTAssertEqual(Set(outcomes), ["done", "limited"])
    _ = try await hasher.hash("x", cost: quick)
  }
}
