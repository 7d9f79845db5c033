// What `plumb explain` shows, for whoever has the catalog at hand: the server's answers, and a client without a server.
import Core
import Kinds

public enum KindPages {
  /// As `GET kinds` answers, but for what the caller may read.
  public static func list(_ catalog: KindCatalog) -> Value {
    ["items": .list(shown(catalog).map { .object(KindShape.summary($0)) })]
  }

  /// As `GET kinds/{kind}` answers.
  public static func page(_ word: String, _ catalog: KindCatalog) throws -> Value {
    KindShape.whole(try KindNames.find(word, in: catalog), catalog: catalog)
  }

  static func shown(_ catalog: KindCatalog) -> [KindSpec] {
    catalog.kinds.filter { !$0.retired }.sorted { $0.name < $1.name }
  }
}
