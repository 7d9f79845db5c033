// Sealing: published AES-GCM vectors, binding, tampering, key change and the key file.
import Core
import Foundation
import XCTest

@testable import Crypto

final class SealingTests: XCTestCase {
  /// Test cases 13, 14 and 16 of the GCM specification submitted to NIST.
  func testAESGCMVectors() throws {
    let zeros = String(repeating: "0", count: 64)
    let feff = String(repeating: "feffe9928665731c6d6a8f9467308308", count: 2)
    let vectors = [
      (zeros, "000000000000000000000000", "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
      (
        zeros, "000000000000000000000000", "00000000000000000000000000000000", "",
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
      ),
      (
        feff, "cafebabefacedbaddecaf888",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
          + "76fc6ece0f4e1768cddf8853bb2d551b"
      ),
    ]
    for (key, nonce, plain, associated, sealed) in vectors {
      let parts = try [key, nonce, plain, associated, sealed].map { try XCTUnwrap(Hex.decode($0)) }
      let (k, n, p, a, s) = (parts[0], parts[1], parts[2], parts[3], parts[4])
      XCTAssertEqual(AESGCM.encrypt(key: k, nonce: n, plaintext: p, associated: a), s)
      XCTAssertEqual(AESGCM.decrypt(key: k, nonce: n, sealed: s, associated: a), p)
    }
  }

  func testAnyChangedByteIsRefused() throws {
    let sealer = Sealer(try SealingKey(secureRandom(32)))
    let place = Array("acme/Secret/db".utf8)
    for plaintext in [[], Array("hunter2".utf8)] {
      let sealed = sealer.seal(plaintext, associated: place)
      XCTAssertEqual(try sealer.open(sealed, associated: place), plaintext)
      XCTAssertNotEqual(sealer.seal(plaintext, associated: place), sealed, "the nonce must differ")
      for n in sealed.indices {
        var changed = sealed
        changed[n] ^= 1
        XCTAssertThrowsError(try sealer.open(changed, associated: place), "byte \(n)")
        XCTAssertThrowsError(try sealer.open(Array(sealed[..<n]), associated: place), "cut at \(n)")
      }
      XCTAssertThrowsError(try sealer.open(sealed, associated: Array("evil/Secret/db".utf8)))
      XCTAssertThrowsError(try sealer.open(sealed))
    }
  }

  func testKeysChange() throws {
    let old = try SealingKey(secureRandom(32))
    let new = try SealingKey(secureRandom(32))
    let sealed = Sealer(old).seal([1, 2, 3])
    let sealer = Sealer(new, previous: [old])
    XCTAssertEqual(try sealer.open(sealed), [1, 2, 3])
    XCTAssertTrue(sealer.needsResealing(sealed))
    XCTAssertFalse(sealer.needsResealing(sealer.seal([1])))
    XCTAssertThrowsError(try Sealer(new).open(sealed)) { XCTAssertEqual(($0 as? Problem)?.code, "sealing_key_missing") }
    XCTAssertThrowsError(try SealingKey([1, 2, 3]))
  }

  func testKeyFile() throws {
    let folder = NSTemporaryDirectory() + "plumb-key-\(randomToken(length: 8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/key"
    let keys = LockedKeys()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in keys.add((try? KeyFile.loadOrCreate(path)) ?? []) }
    XCTAssertEqual(keys.distinct.count, 1, "processes that start at once must agree")
    XCTAssertEqual(keys.distinct.first?.count, 32)
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder), ["key"])
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    XCTAssertEqual((attributes[.posixPermissions] as? NSNumber)?.intValue, 0o600)

    chmod(path, 0o644)
    XCTAssertThrowsError(try KeyFile.loadOrCreate(path)) { XCTAssertTrue("\($0)".contains("chmod 600"), "\($0)") }
    chmod(path, 0o600)
    truncate(path, 31)
    XCTAssertThrowsError(try KeyFile.loadOrCreate(path))
    XCTAssertThrowsError(try KeyFile.loadOrCreate(folder + "/missing/key"))
    XCTAssertThrowsError(try KeyFile.loadOrCreate(folder))
  }
}

private final class LockedKeys: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var distinct: Set<[UInt8]> = []
  func add(_ key: [UInt8]) { lock.withLock { _ = distinct.insert(key) } }
}
