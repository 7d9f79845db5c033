// A person's data: handed out whole, and forgotten whole, while what others need keeps its facts.
import Core
import Crypto
import Foundation
import Identity
import TestSupport
import XCTest

final class PersonalDataTests: XCTestCase {
  /// Somebody who has left traces everywhere.
  private struct Person {
    var email: String
    var title: String
    var phone: String
    var access: String
    var id: String
    var team: String
    var other: String
    var boss: String
  }

  private func person(_ trial: Trial) throws -> Person {
    let mark = trial.mark()
    let email = "zoe-\(mark)@example.com"
    let title = "Zoe \(mark)"
    func register(_ email: String, _ title: String) throws -> Value {
      try trial.call(
        "POST", "\(Trial.deploy)/auth/register",
        ["email": .string(email), "password": "secureP@ss1", "displayName": .string(title)], 201)
    }
    let boss = try register("boss-\(mark)@example.com", "Boss")
    let made = try register(email, title)
    let access = made["accessToken"].string ?? ""
    let other = boss["memberships"].list?.first?["tenantId"].string ?? ""
    let bossToken = boss["accessToken"].string ?? ""
    // Wrong passwords, another tenant, roles, a second factor, a telephone, invitations of his and to him.
    try trial.call("POST", "\(Trial.deploy)/auth/login", ["email": .string(email), "password": "wrongP@ss1"], 401)
    try trial.call("POST", "\(Trial.deploy)/auth/forgot-password", ["email": .string(email)], 200)
    try trial.call(
      "POST", "\(Trial.deploy)/tenant/members/invite", ["email": .string(email), "role": "admin"], token: bossToken,
      tenant: other, 201)
    let invitation = try trial.mailed(email, count: 3)
    try trial.call("POST", "\(Trial.deploy)/auth/accept-invitation", ["token": .string(invitation)], token: access, 200)
    try trial.call(
      "POST", "\(Trial.deploy)/tenant/members/invite", ["email": .string("guest-\(mark)@example.com"), "role": "user"],
      token: access,
      tenant: other, 201)
    try trial.call("POST", "/trial/staff/me/totp", token: access, 200)
    let phone = "+4915\(Int.random(in: 10_000_000...99_999_999))"
    try trial.call("POST", "/trial/staff/me/phone", ["phone": .string(phone)], token: access, 200)
    let code = try trial.texted(phone)
    try trial.call(
      "POST", "/trial/staff/me/phone/confirm", ["phone": .string(phone), "code": .string(code)], token: access, 200)
    let key = try trial.send(
      "POST", "/backend/v1/api-keys", ["name": .string("Key of \(mark)")], token: trial.server.token, tenant: other)
    XCTAssertLessThan(key.status, 500, key.description)
    try trial.call("GET", "\(Trial.deploy)/auth/me", token: access, 200)
    return Person(
      email: email, title: title, phone: phone, access: access, id: made["user"]["id"].string ?? "",
      team: made["memberships"].list?.first?["tenantId"].string ?? "", other: other, boss: bossToken)
  }

  func testEverybodyGetsHisOwnDataAndNobodyElses() throws {
    let trial = try Trial.shared.get()
    let zoe = try person(trial)
    let file = try trial.call("GET", "/plumb/v1/people/me", token: zoe.access, 200)
    XCTAssertEqual(file["email"].string, zoe.email)
    XCTAssertEqual(file["account"]["phone"].string, zoe.phone)
    XCTAssertEqual(file["memberships"].list?.count, 2)
    XCTAssertEqual(file["secondFactors"].list?.count, 1)
    XCTAssertEqual(file["sent"].list?.filter { $0["to"].string == zoe.email }.count, 3)
    XCTAssertEqual(file["messages"].list?.count, 1)
    XCTAssertEqual(file["sessions"].list?.first?["method"], "password")
    let actions = (file["audit"].list ?? []).compactMap { $0["action"].string }
    XCTAssertTrue(actions.contains("user.signed_in") && actions.contains("user.sign_in_failed"), "\(actions)")
    XCTAssertEqual(file["account"]["password"], "(kept, not shown)")
    // By address it is for owners of the root tenant alone.
    try trial.call("GET", "/plumb/v1/people/\(zoe.email)", token: zoe.boss, 403)
    try trial.call("GET", "/plumb/v1/people/\(zoe.email)", token: trial.server.token, 200)
    try trial.call("GET", "/plumb/v1/people/nobody@example.com", token: trial.server.token, 404)
    try trial.call("GET", "/plumb/v1/people/\(zoe.id)", token: zoe.access, 403)
  }

  func testWhoIsErasedIsNowhereAndWhatOthersNeedStays() throws {
    let trial = try Trial.shared.get()
    let zoe = try person(trial)
    let path = "/plumb/v1/people/\(zoe.email)"
    XCTAssertTrue(try trial.server.dump().contains(zoe.email))
    try trial.call("DELETE", "\(path)?confirm=\(zoe.email)", token: zoe.access, 403)
    let owned = try trial.call("DELETE", "\(path)?confirm=\(zoe.email)", token: trial.server.token, 409)
    XCTAssertEqual(owned["problems"].list?.first?["code"], "owner")
    let team = try trial.call("GET", "\(Trial.deploy)/admin/tenants/\(zoe.team)", token: trial.server.token, 200)
    let slug = team["tenant"]["slug"].string ?? ""
    let gone = try trial.send("DELETE", "/plumb/v1/objects/Tenant/\(slug)?cascade=true", token: trial.server.token)
    if gone.status != 200 {
      let token = Trial.first("--confirm ([A-Za-z0-9_-]+)", in: gone.text) ?? ""
      try trial.call("DELETE", "/plumb/v1/objects/Tenant/\(slug)?cascade=true&confirm=\(token)", token: trial.server.token, 200)
    }
    let asked = try trial.call("DELETE", path, token: trial.server.token, 422)
    XCTAssertEqual(asked["problems"].list?.first?["code"], "confirmation_needed")
    try trial.call("GET", "\(Trial.deploy)/auth/me", token: zoe.access, 200)

    let before = try trial.call("GET", "\(Trial.deploy)/admin/logs?perPage=100", token: trial.server.token, 200)["total"].int ?? 0
    let done = try trial.call("DELETE", "\(path)?confirm=\(zoe.email)", token: trial.server.token, 200)
    let alias = try XCTUnwrap(done["erased"].string)
    try trial.call("GET", "\(Trial.deploy)/auth/me", token: zoe.access, 401)
    try trial.call("POST", "\(Trial.deploy)/auth/login", ["email": .string(zoe.email), "password": "secureP@ss1"], 401)
    // The attempt just now names nobody either. Nothing is left of address and telephone, nor of the name but that of the team he had.
    let all = try trial.server.everything(tenants: ["root"], named: zoe.email)
    for (place, text) in all where !place.contains("people/") {
      for secret in [zoe.email, zoe.phone] where text.contains(secret) {
        let line = text.split(separator: "\n").first { $0.contains(secret) } ?? ""
        XCTFail("\(place) still tells \(secret): \(line.prefix(400))")
      }
      for line in text.split(separator: "\n")
      where line.contains(zoe.title) && !line.contains("'s Team") && !line.contains("' Team") {
        XCTFail("\(place) still tells the name: \(line.prefix(400))")
      }
    }
    // The facts stay: the log has all its entries and says what was done, others' invitations and members are there.
    let log = try trial.call("GET", "\(Trial.deploy)/admin/logs?perPage=100&search=\(alias)", token: trial.server.token, 200)
    let actions = (log["logs"].list ?? []).compactMap { $0["action"].string }
    XCTAssertTrue(actions.contains("person.erased") && actions.contains("user.signed_in"), "\(actions)")
    XCTAssertEqual((log["logs"].list ?? []).first { $0["action"] == "person.erased" }?["severity"], "critical")
    let after = try trial.call("GET", "\(Trial.deploy)/admin/logs", token: trial.server.token, 200)["total"].int ?? 0
    XCTAssertGreaterThan(after, before)
    let members = try trial.call("GET", "\(Trial.deploy)/tenant/members", token: zoe.boss, tenant: zoe.other, 200)
    XCTAssertEqual(members["members"].list?.count, 1)
    // Once more there is nobody, and the address is free.
    try trial.call("DELETE", "\(path)?confirm=\(zoe.email)", token: trial.server.token, 404)
    try trial.call(
      "POST", "\(Trial.deploy)/auth/register", ["email": .string(zoe.email), "password": "secureP@ss1", "displayName": "New"], 201
    )
  }

  func testAnAddressThatOnlyBeginsAlikeIsLeftAlone() throws {
    let trial = try Trial.shared.get()
    let mark = trial.mark()
    let (short, long) = ("ann-\(mark)@example.com", "joann-\(mark)@example.com")
    for email in [short, long] {
      let made = try trial.call(
        "POST", "\(Trial.deploy)/auth/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "Ann"], 201)
      if email == short {
        try trial.apply(
          "{apiVersion: platform/v1, kind: User, metadata: {name: owner-\(mark)@example.com}, spec: {}}",
          tenant: made["memberships"].list?.first?["tenantSlug"].string)
        let slug = made["memberships"].list?.first?["tenantSlug"].string ?? ""
        let gone = try trial.send("DELETE", "/plumb/v1/objects/Tenant/\(slug)?cascade=true", token: trial.server.token)
        if gone.status != 200 {
          let token = Trial.first("--confirm ([A-Za-z0-9_-]+)", in: gone.text) ?? ""
          try trial.call(
            "DELETE", "/plumb/v1/objects/Tenant/\(slug)?cascade=true&confirm=\(token)", token: trial.server.token, 200)
        }
      }
    }
    try trial.call("DELETE", "/plumb/v1/people/\(short)?confirm=\(short)", token: trial.server.token, 200)
    XCTAssertTrue(try trial.audited(long).contains("user.signed_in"))
    let dump = try trial.server.dump()
    XCTAssertTrue(dump.contains(long))
    XCTAssertFalse(dump.contains("\t\(short)"))
  }
}
