// The predicates that both stores must agree on, with the names of the apps (of five) that they find.
import Core
import Kinds
import Ports

extension StoreContract {
  /// Statement by statement: the compiler takes minutes for one literal of them all.
  static func predicates() -> [(Ports.Predicate, String)] {
    var list: [(Ports.Predicate, String)] = []
    func test(_ predicate: Ports.Predicate, _ names: String) { list.append((predicate, names)) }
    let r = { (count: Int) in String(repeating: "r", count: count) }
    test(.always, "abcde")
    test(.never, "")
    test(.all([]), "abcde")
    test(.any([]), "")
    test(.compare(.spec(["region"]), .equal, "eu"), "ac")
    test(.compare(.spec(["region"]), .notEqual, "eu"), "bde")
    test(.not(.compare(.spec(["region"]), .equal, "eu")), "bde")
    test(.compare(.spec(["region"]), .equal, nil), "")
    test(.compare(.spec(["region"]), .equal, .string(r(300))), "d")
    test(.compare(.spec(["region"]), .equal, .string(r(299))), "")
    test(.compare(.spec(["region"]), .equal, .string(r(200))), "")
    test(.compare(.spec(["region"]), .greater, "eu"), "bd")
    test(.compare(.spec(["region"]), .equal, 5), "")
    test(.startsWith(.spec(["region"]), "e"), "ac")
    test(.startsWith(.spec(["region"]), r(250)), "d")
    test(.among(.spec(["region"]), ["eu", "us", nil, 7]), "abc")
    test(.isNull(.spec(["region"])), "e")
    test(.not(.isNull(.spec(["region"]))), "abcd")
    test(.compare(.spec(["port"]), .equal, 443), "b")
    test(.compare(.spec(["port"]), .greater, 80), "bc")
    test(.compare(.spec(["port"]), .less, 80.5), "a")
    test(.compare(.spec(["port"]), .equal, "443"), "")
    test(.compare(.label("team"), .equal, 5), "")
    test(.compare(.label("team"), .notEqual, 5), "abcde")
    test(.among(.spec(["port"]), [80, 8080]), "ac")
    test(.compare(.spec(["running"]), .equal, true), "ac")
    test(.compare(.spec(["running"]), .notEqual, true), "bde")
    test(.among(.spec(["running"]), [false]), "b")
    test(.compare(.spec(["cost"]), .greater, "9.5"), "bc")
    test(.compare(.spec(["cost"]), .equal, "10.0"), "b")
    test(.compare(.spec(["cost"]), .less, 50), "ab")
    test(.compare(.spec(["weight"]), .equal, 2.0), "b")
    test(.compare(.spec(["weight"]), .lessOrEqual, 1.5), "a")
    test(.compare(.spec(["startsAt"]), .greater, "2026-01-01T00:00:00Z"), "a")
    test(.compare(.spec(["startsAt"]), .equal, "2026-01-01T01:00:00+01:00"), "b")
    test(.compare(.spec(["endsAt"]), .less, "2026-02-01T00:00:00Z"), "d")
    test(.compare(.spec(["endsAt"]), .equal, "2026-01-31T23:00:00Z"), "d")
    test(.compare(.spec(["env", "LOG"]), .equal, "debug"), "c")
    test(.isNull(.spec(["env", "LOG"])), "abde")
    test(.holds(.spec(["tags"]), "x"), "a")
    test(.holds(.spec(["tags"]), "z"), "")
    test(.holds(.spec(["any"]), 5), "")
    test(.holds(.spec(["any", "k"]), 1.0), "d")
    test(.holds(.spec(["any", "k"]), ["z": nil]), "d")
    test(.holds(.spec(["any", "k"]), [:]), "")
    test(.compare(.spec(["any"]), .equal, 5.0), "e")
    test(.compare(.spec(["any"]), .equal, "5"), "")
    test(.containsText(.spec(["note"]), "an alle"), "e")
    test(.containsText(.spec(["note"]), "%_O"), "c")
    test(.containsText(.spec(["note"]), "f\\"), "c")
    test(.containsText(.spec(["note"]), "GRÜSSE"), "")
    test(.containsText(.spec(["note"]), "GRÜ"), "e")
    test(.containsText(.spec(["note"]), ""), "ce")
    test(.containsText(.spec(["note"]), "'; DROP TABLE object; --"), "")
    test(.startsWith(.name, "c"), "c")
    test(.compare(.name, .greaterOrEqual, "d"), "de")
    test(.among(.name, ["a", "e"]), "ae")
    test(.compare(.label("team"), .equal, "shop"), "abcde")
    test(.compare(.label("te'am"), .equal, "shop"), "")
    test(.isNull(.label("none")), "abcde")
    test(.compare(.version, .equal, 1), "abcde")
    test(.compare(.version, .greater, 1), "")
    test(.compare(.created, .greater, "2000-01-01T00:00:00Z"), "abcde")
    test(.compare(.updated, .less, "2000-01-01T00:00:00Z"), "")
    test(.compare(.uid, .equal, "no uid"), "")
    test(.compare(.status(["phase"]), .equal, "ready"), "a")
    test(.isNull(.status(["phase"])), "bcde")
    test(.compare(.status(["pid"]), .greater, 6), "a")
    test(.compare(.spec(["no'field"]), .equal, "x"), "")
    test(
      .any([
        .compare(.name, .equal, "a"),
        .all([.compare(.spec(["region"]), .equal, "us"), .not(.compare(.spec(["running"]), .equal, true))]),
      ]), "ab")
    return list
  }
}
