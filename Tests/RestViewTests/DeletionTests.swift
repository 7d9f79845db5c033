// Secure deletion: counts and a token first, the cascade once.
import Core
import Ports
import XCTest

@testable import RestView

final class DeletionTests: XCTestCase {
  private func delivery(_ world: RestWorld, of webhook: String) async throws {
    let now = SystemClock().now()
    var random = SystemRandomNumberGenerator()
    try await world.store.append(records: [
      RecordRow(
        tenant: world.tenant, uid: UID(at: now, random: &random), kind: "WebhookDelivery", at: now,
        fields: ["webhook": .string(webhook), "eventType": "app.created", "success": true])
    ])
  }

  func testADependencyNeedsATokenThatIsGoodOnce() async throws {
    try await withWorld { world in
      func webhook() async throws -> String {
        let made = await world.call("POST", "/backend/v1/webhooks", ["url": "https://example.com/hook"])
        let id = try XCTUnwrap(made.body["data"]["id"].string)
        try await delivery(world, of: id)
        return id
      }
      let first = try await webhook()
      let second = try await webhook()
      let refused = await world.call("DELETE", "/backend/v1/webhooks/\(first)")
      XCTAssertEqual(refused.status, 409, JSON.text(refused.body))
      let error = refused.body["error"]
      XCTAssertEqual(error["code"].string, "DEPENDENCY_EXISTS")
      XCTAssertEqual(error["dependencies"].list?.first?["type"].string, "webhook_delivery")
      XCTAssertEqual(error["dependencies"].list?.first?["count"].int, 1)
      let token = try XCTUnwrap(error["confirm_token"].string)
      let still = await world.call("DELETE", "/backend/v1/webhooks/\(first)?force=true")
      XCTAssertEqual(still.status, 409)
      let wrong = await world.call("DELETE", "/backend/v1/webhooks/\(second)?force=true&confirm_token=\(token)")
      XCTAssertEqual(wrong.status, 409)
      let done = await world.call("DELETE", "/backend/v1/webhooks/\(first)?force=true&confirm_token=\(token)")
      XCTAssertEqual(done.status, 200, JSON.text(done.body))
      XCTAssertEqual(done.body["data"]["deleted"].bool, true)
      let own = await world.call("DELETE", "/backend/v1/webhooks/\(second)")
      let other = try XCTUnwrap(own.body["error"]["confirm_token"].string)
      let spent = await world.call("DELETE", "/backend/v1/webhooks/\(second)?force=true&confirm_token=\(token)")
      XCTAssertEqual(spent.status, 409)
      let last = await world.call("DELETE", "/backend/v1/webhooks/\(second)?force=true&confirm_token=\(other)")
      XCTAssertEqual(last.status, 200)
    }
  }

  func testWithoutDependentsNothingIsAsked() async throws {
    try await withWorld { world in
      let made = await world.call("POST", "/backend/v1/webhooks", ["url": "https://example.com/hook"])
      let id = try XCTUnwrap(made.body["data"]["id"].string)
      let done = await world.call("DELETE", "/backend/v1/webhooks/\(id)")
      XCTAssertEqual(done.status, 200, JSON.text(done.body))
    }
  }
}
