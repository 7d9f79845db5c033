// SQL files taken apart: parameters, texts, comments, and what they may not name.
import Core
import Kinds
import XCTest

final class SQLTextTests: XCTestCase {
  func testParametersAreFoundWhereTheyAreSome() throws {
    let source = """
      -- :not :this
      SELECT a::text, ':no' || E'\\':no' AS "x:y", b[1:2] /* :nor /* :nested */ */
      FROM "App" WHERE c = :one AND d >= :two::timestamptz AND e = ANY(:one);
      """
    let text = try SQLText(name: "a.sql", source: source)
    XCTAssertEqual(text.parameters, ["one", "two"])
    XCTAssertTrue(text.identifiers.isSuperset(of: ["App", "select", "x:y"]))
    let whole = text.pieces.map { entry in
      switch entry.piece {
      case .text(let text): text
      case .parameter(let name): ":" + name
      }
    }.joined()
    XCTAssertEqual(whole + ";", source)
    for (piece, offset) in text.pieces {
      if case .parameter(let name) = piece { XCTAssertTrue(source.utf8.dropFirst(offset).starts(with: ":\(name)".utf8)) }
    }
  }

  func testWhatAFileMayNotBe() {
    let table: [(String, String, Int)] = [
      ("DELETE FROM \"App\"", "one SELECT", 0), ("", "one SELECT", 0), ("SELECT 1; SELECT 2", "one statement", 10),
      ("SELECT 'a", "does not end", 7), ("SELECT \"a", "does not end", 7), ("SELECT 1 /* a", "does not end", 9),
      ("SELECT $1", "stands for nothing", 7), ("SELECT $$a$$", "stands for nothing", 7),
      ("SELECT * FROM pg_class", "reads the database itself", 14), ("SELECT \"pg_sleep\"(1)", "reads the database itself", 7),
      ("SELECT query_to_xml('x')", "statement of its own", 7), ("SELECT set_config('a', 'b', true)", "the session", 7),
      ("SELECT U&\"x\"", "Unicode escapes", 7),
    ]
    for (source, message, offset) in table {
      do {
        _ = try SQLText(name: "a.sql", source: source)
        XCTFail("\(source) is taken")
      } catch {
        XCTAssertTrue(error.message.contains(message), "\(source): \(error.message)")
        XCTAssertEqual(error.offset, offset, source)
      }
    }
  }

  func testFilesAndTheirUse() {
    let route = "GET /items/sum: {id: shop.items.sum, verb: query, kind: none, needs: [], sql: sum.sql, with: {a: 1}}\n"
    func faults(_ rest: String, _ sql: String) -> [String] {
      var files = SampleSpecs.files
      files["shop/Item/rest.yaml"] = SampleSpecs.itemRest.replacingOccurrences(
        of: "  GET /items:", with: rest.isEmpty ? "  GET /items:" : "  \(rest)  GET /items:")
      files["shop/Item/sum.sql"] = sql
      do { _ = try SampleSpecs.load(files) } catch { return (error as? Problems)?.list.map(\.description) ?? ["\(error)"] }
      return []
    }
    XCTAssertEqual(faults(route, "SELECT :a::int AS a"), [])
    XCTAssertEqual(
      faults("", "SELECT 1 AS a"), ["specs/shop/Item/sum.sql:1:1: no route reads this file"])
    XCTAssertTrue(
      faults(route, "SELECT\n :b AS a").contains { $0.hasPrefix("specs/shop/Item/sum.sql:2:2: nothing gives the parameter :b") })
    XCTAssertTrue(faults(route, "SELECT 1 AS a").contains { $0.contains("no parameter of the SQL file named \"a\"") })
    XCTAssertTrue(faults(route, "SELECT 'a").contains { $0.hasPrefix("specs/shop/Item/sum.sql:1:8: this text does not end") })
    let other = route.replacingOccurrences(of: "sum.sql", with: "sums.sql")
    XCTAssertTrue(
      faults(other, "SELECT 1 AS a").contains { $0.contains("no SQL file named \"sums.sql\". Did you mean \"sum.sql\"?") })
    let get = route.replacingOccurrences(of: "verb: query, kind: none", with: "verb: get")
    XCTAssertTrue(faults(get, "SELECT :a::int AS a").contains { $0.contains("\"sql\" belongs to the verbs list and query") })
    let view = route.replacingOccurrences(of: "{a: 1}", with: "{a: 1}, view: Item")
    XCTAssertTrue(faults(view, "SELECT :a::int AS a").contains { $0.contains("rows are no objects") })
  }
}
