// A small family that loads, to be spoiled one mistake at a time.
import Core
import Foundation
import KindLoading
import Kinds

enum SampleSpecs {
  static let family = """
    family: shop
    doc: A shop.
    base: /shop/api
    auth: {default: bearer, bearer: {from: [bearer], accepts: [apiKey]}}
    needs: {reads: [read], writes: [write]}
    permissions: {read: "'read' in caller.scopes", write: "'write' in caller.scopes", admin: caller.role == 'admin'}
    errors: {body: {error: "$message"}, status: {invalid: 400, conflict: 409, sold_out: 422}}
    confirm: {force: query.force, token: query.confirm_token, ttl: 5m}
    verbs: {create: {status: 201}}
    """
  static let item = """
    kind: Item
    doc: Something for sale.
    fields:
      name: {type: string, required: true, pattern: "^[a-z][a-z0-9-]*$"}
      shelf: {ref: Shelf, onDelete: restrict}
      costCents: {type: integer, min: 0, default: 0}
      state: {enum: [draft, shown], default: "'draft'", moves: {draft: [shown]}}
      size: {type: object, fields: {width: {type: integer}, height: {type: integer}}}
      token: {type: string, secret: hash, generate: {prefix: it_, bytes: 16}}
      area: {type: integer, computed: self.size.width * self.size.height}
    unique: [[name]]
    let: {siblings: {find: Item, where: shelf == self.shelf, count: true}}
    rules:
      - {when: self.costCents > 0, require: has(self.shelf) && siblings < 100, field: /shelf, \
    message: A priced item stands on a shelf.}
      - {require: "self.shelf == null || self.shelf.room != ''", message: The shelf has a room.}
    """
  static let shelf = """
    kind: Shelf
    doc: Where items stand.
    fields:
      name: {type: string, required: true}
      room: {type: string, default: "'hall'"}
    unique: [[name]]
    inverse: {items: Item.shelf}
    """
  static let itemRest = """
    views:
      Item: [id, name, {price: costCents}, {shelf: {of: shelf, view: Shelf.Short}}, state]
    maps: {Prices: {draft: d, shown: s}}
    sort: -createdAt
    routes:
      GET /items: {id: shop.items.list, verb: list, filter: {shelf: shelf, q: "name.contains(value)"}}
      POST /items: {id: shop.items.create, verb: create, needs: [admin], body: {name: name, price: costCents, shelf: shelf}, \
    reply: {item: {view: Item}, token: once.token}}
      "GET /items/{id}": {id: shop.items.get, verb: get}
      "DELETE /items/{id}": {id: shop.items.delete, verb: delete}
      "GET /shelves/{shelf_id}/items/{id}": {id: shop.items.get-on-shelf, verb: get, bind: {path.shelf_id: shelf}}
    """
  static let shelfRest = """
    views: {Short: name, Shelf: {id: id, item_count: size(items), items: {kind: Item, where: shelf == self.id, view: id}}}
    routes:
      GET /shelves: {id: shop.shelves.list, verb: list, view: Shelf}
      "POST /shelves/{id}/clear": {id: shop.shelves.clear, verb: update, \
    do: [{kind: Item, where: shelf == self.id, delete: true}], view: empty}
    """

  static let files: [String: String] = [
    "shop/family.yaml": family, "shop/Item/kind.yaml": item, "shop/Shelf/kind.yaml": shelf, "shop/Item/rest.yaml": itemRest,
    "shop/Shelf/rest.yaml": shelfRest,
  ]

  static func load(_ files: [String: String]) throws -> KindCatalog {
    try KindLoader.load(files: files.map { ($0.key, Array($0.value.utf8)) })
  }

  /// The faults after `old` in one file became `new`.
  static func faults(_ path: String, _ old: String, _ new: String) -> [String] {
    var changed = files
    guard let text = files[path], text.contains(old) else { return ["the sample does not hold \(old)"] }
    changed[path] = text.replacingOccurrences(of: old, with: new)
    do {
      _ = try load(changed)
      return []
    } catch {
      return (error as? Problems)?.list.map(\.description) ?? ["\(error)"]
    }
  }
}
