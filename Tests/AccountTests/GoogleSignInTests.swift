// Google sign-in end to end: browser, server and provider talk HTTP; whatever is not this login is refused.
import Core
import Foundation
import TestSupport
import XCTest

final class GoogleSignInTests: XCTestCase {
  private let start = "\(Trial.deploy)/auth/google"
  private func trial() throws -> Trial {
    let trial = try Trial.shared.get()
    trial.google.reset()
    return trial
  }

  /// A browser that left for the provider: where to, and its cookie.
  private struct Leaving {
    var url: String
    var cookie: String
    var attributes: String
  }

  private func leave(_ trial: Trial) throws -> Leaving {
    let answer = try trial.send("GET", start)
    XCTAssertEqual(answer.status, 307, answer.description)
    let set = try XCTUnwrap(answer.header("Set-Cookie"))
    return Leaving(
      url: try XCTUnwrap(answer.header("Location")), cookie: String(set.prefix { $0 != ";" }),
      attributes: String(set.drop { $0 != ";" }))
  }

  /// The person agrees at the provider: path and query of the callback.
  private func visit(_ trial: Trial, _ url: String) throws -> String {
    let parts = try XCTUnwrap(URLComponents(string: url))
    let answer = try CaseHTTP(port: trial.google.port).send(
      CaseRequest("GET", parts.path + "?" + (parts.percentEncodedQuery ?? "")))
    XCTAssertEqual(answer.status, 302, answer.description)
    let back = try XCTUnwrap(answer.header("Location"))
    XCTAssertTrue(back.hasPrefix(trial.base))
    return String(back.dropFirst(trial.base.count))
  }

  /// Members of the fragment that the front end gets.
  private func comeBack(_ trial: Trial, _ target: String, cookie: String?) throws -> [String: String] {
    let answer = try trial.send("GET", target, headers: cookie.map { [("Cookie", $0)] } ?? [])
    XCTAssertEqual(answer.status, 307, answer.description)
    XCTAssertEqual(answer.header("Cache-Control"), "no-store")
    XCTAssertTrue(answer.header("Set-Cookie")?.contains("Max-Age=0") == true, "the cookie outlives the login")
    let location = try XCTUnwrap(answer.header("Location"))
    XCTAssertTrue(location.hasPrefix("\(Trial.front)/auth/callback#"), location)
    let fragment = location.components(separatedBy: "#").last ?? ""
    var members: [String: String] = [:]
    for pair in fragment.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      members[parts[0]] = parts.last?.removingPercentEncoding
    }
    return members
  }

  private func signIn(_ trial: Trial) throws -> [String: String] {
    let leaving = try leave(trial)
    return try comeBack(trial, try visit(trial, leaving.url), cookie: leaving.cookie)
  }

  func testANewPersonGetsAnAccountAndATenant() throws {
    let trial = try trial()
    let mark = trial.mark()
    trial.google.person = ("g-\(mark)", "google-\(mark)@example.com", true)
    let leaving = try leave(trial)
    XCTAssertTrue(leaving.attributes.contains("HttpOnly") && leaving.attributes.contains("SameSite=Lax"), leaving.attributes)
    let members = try comeBack(trial, try visit(trial, leaving.url), cookie: leaving.cookie)
    let access = try XCTUnwrap(members["access_token"], "\(members)")
    let me = try trial.call("GET", "\(Trial.deploy)/auth/me", token: access, 200)
    XCTAssertEqual(me["user"]["email"].string, "google-\(mark)@example.com")
    XCTAssertEqual(me["user"]["emailVerified"], true)
    XCTAssertEqual(me["user"]["authMethods"], [["provider": "google"]])
    XCTAssertEqual(me["memberships"].list?.count, 1)
    XCTAssertEqual(me["memberships"].list?.first?["role"], "owner")
    let pair = try trial.call(
      "POST", "\(Trial.deploy)/auth/refresh", ["refreshToken": .string(members["refresh_token"] ?? "")], 200)
    XCTAssertNotNil(pair["accessToken"].string)
    // A first password needs no present one, and the second sign-in finds the same account.
    try trial.call(
      "POST", "\(Trial.deploy)/auth/change-password", ["newPassword": "secureP@ss1"], token: pair["accessToken"].string, 200)
    let again = try signIn(trial)
    let same = try trial.call("GET", "\(Trial.deploy)/auth/me", token: again["access_token"], 200)
    XCTAssertEqual(same["user"]["id"], me["user"]["id"])
    XCTAssertEqual(same["user"]["authMethods"], [["provider": "password"], ["provider": "google"]])
    XCTAssertTrue(try trial.audited("google-\(mark)@example.com").contains("user.signed_in"))
  }

  func testALoginLinksTheAccountOfTheSameAddressAndAStrangersPasswordIsVoid() throws {
    let trial = try trial()
    let mark = trial.mark()
    let email = "link-\(mark)@example.com"
    let registered = try trial.call(
      "POST", "\(Trial.deploy)/auth/register", ["email": .string(email), "password": "secureP@ss1", "displayName": "Link"], 201)
    trial.google.person = ("l-\(mark)", email, true)
    let members = try signIn(trial)
    let me = try trial.call("GET", "\(Trial.deploy)/auth/me", token: members["access_token"], 200)
    XCTAssertEqual(me["user"]["id"], registered["user"]["id"])
    // The address was never confirmed by whoever set the password.
    try trial.call("GET", "\(Trial.deploy)/auth/me", token: registered["accessToken"].string, 401)
    try trial.call("POST", "\(Trial.deploy)/auth/login", ["email": .string(email), "password": "secureP@ss1"], 401)
    // Another person of the provider with the same address is somebody else.
    trial.google.person = ("other-\(mark)", email, true)
    XCTAssertEqual(try signIn(trial)["error"], "other_identity")
  }

  func testStateAndBrowserBelongTogether() throws {
    let trial = try trial()
    trial.google.person = ("s-1", "state-\(trial.mark())@example.com", true)
    let leaving = try leave(trial)
    let back = try visit(trial, leaving.url)
    let trades = trial.google.trades
    XCTAssertEqual(try comeBack(trial, back, cookie: nil)["error"], "bad_state", "without the cookie")
    XCTAssertEqual(try comeBack(trial, back, cookie: leaving.cookie)["error"], "bad_state", "a state that was tried is used up")
    let other = try leave(trial)
    let theirs = try visit(trial, other.url)
    XCTAssertEqual(try comeBack(trial, theirs, cookie: leaving.cookie)["error"], "bad_state", "another browser's cookie")
    let third = try leave(trial)
    let right = try visit(trial, third.url)
    let wrong = right.replacingOccurrences(of: "state=", with: "state=x")
    XCTAssertEqual(try comeBack(trial, wrong, cookie: third.cookie)["error"], "bad_state", "another state")
    XCTAssertEqual(trial.google.trades, trades, "the provider was asked about a code that was not ours")
    for target in ["\(start)/callback", "\(start)/callback?state=x&code=y", "\(start)/callback?code=y"] {
      XCTAssertEqual(try comeBack(trial, target, cookie: third.cookie)["error"], "bad_state", target)
    }
  }

  func testACodeIsGoodOnceAndOnlyForTheLoginThatAskedForIt() throws {
    let trial = try trial()
    trial.google.person = ("c-1", "code-\(trial.mark())@example.com", true)
    let first = try leave(trial)
    let back = try visit(trial, first.url)
    XCTAssertNotNil(try comeBack(trial, back, cookie: first.cookie)["access_token"])
    XCTAssertEqual(try comeBack(trial, back, cookie: first.cookie)["error"], "bad_state", "the whole answer again")
    // The code of that login in another one: the provider sees that it was used, and for another verifier.
    let code = try XCTUnwrap(Trial.first("code=([^&]+)", in: back))
    let second = try leave(trial)
    let own = try visit(trial, second.url)
    let swapped = own.replacingOccurrences(of: try XCTUnwrap(Trial.first("code=([^&]+)", in: own)), with: code)
    XCTAssertEqual(try comeBack(trial, swapped, cookie: second.cookie)["error"], "provider_refused")
    let third = try leave(trial)
    let stolen = try XCTUnwrap(Trial.first("code=([^&]+)", in: try visit(trial, third.url)))
    let fourth = try leave(trial)
    let mine = try visit(trial, fourth.url)
    let injected = mine.replacingOccurrences(of: try XCTUnwrap(Trial.first("code=([^&]+)", in: mine)), with: stolen)
    XCTAssertEqual(try comeBack(trial, injected, cookie: fourth.cookie)["error"], "provider_refused", "a stolen code (PKCE)")
  }

  func testTokensThatAreNotForThisLoginAreRefused() throws {
    let trial = try trial()
    let email = "claims-\(trial.mark())@example.com"
    trial.google.person = ("t-1", email, true)
    let attacks: [(String, (inout ObjectMap) -> Void)] = [
      ("nonce", { $0["nonce"] = "another" }), ("no nonce", { $0["nonce"] = nil }), ("audience", { $0["aud"] = "another" }),
      ("given to another", { $0["azp"] = "another" }), ("issuer", { $0["iss"] = "https://accounts.google.com" }),
      ("expired", { $0["exp"] = .int(Int(Date().timeIntervalSince1970) - 1000) }), ("no expiry", { $0["exp"] = nil }),
      ("future", { $0["iat"] = .int(Int(Date().timeIntervalSince1970) + 1000) }),
    ]
    for (name, tamper) in attacks {
      trial.google.tamper = tamper
      XCTAssertTrue(["bad_token", "expired_token"].contains(try signIn(trial)["error"] ?? ""), name)
    }
    trial.google.reset()
    trial.google.signsWithAnother = true
    XCTAssertEqual(try signIn(trial)["error"], "bad_token", "another key")
    trial.google.reset()
    trial.google.person = ("t-1", email, false)
    XCTAssertEqual(try signIn(trial)["error"], "address_not_verified")
    trial.google.refuses = true
    XCTAssertEqual(try signIn(trial)["error"], "access_denied")
    // Nobody was made of all this.
    let found = try trial.call("GET", "\(Trial.deploy)/admin/users?search=\(email)", token: trial.server.token, 200)
    XCTAssertEqual(found["total"], 0)
  }
}
