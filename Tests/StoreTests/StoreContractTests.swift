// Runs the contract against both stores.
import Core
import PostgresStore
import TestSupport
import XCTest

final class StoreContractTests: XCTestCase {
  func testPostgres() async throws {
    for entry in StoreContract.cases {
      let store = try await TestPostgres.store(Fixture.catalog)
      do { try await entry.body(store) } catch { XCTFail("\(entry.name): \(error)") }
      store.close()
    }
  }

  func testMemory() async throws {
    for entry in StoreContract.cases {
      do { try await entry.body(MemoryStore(catalog: Fixture.catalog)) } catch { XCTFail("\(entry.name): \(error)") }
    }
  }
}
